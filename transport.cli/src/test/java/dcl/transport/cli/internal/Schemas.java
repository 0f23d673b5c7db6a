package dcl.transport.cli.internal;

import java.nio.file.Path;
import java.util.List;

import com.networknt.schema.InputFormat;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SchemaLocation;
import com.networknt.schema.SpecVersion;

import static org.assertj.core.api.Assertions.assertThat;

/** The schemas of the repository. */
final class Schemas {

	private static final JsonSchemaFactory FACTORY = JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012);

	private Schemas() {
	}

	static void assertValid(String schema, List<String> lines) {
		JsonSchema validator = FACTORY.getSchema(SchemaLocation.of(Path.of("schemas", schema + ".json").toUri().toString()));
		assertThat(lines).isNotEmpty().allSatisfy(line -> assertThat(validator.validate(line, InputFormat.JSON)).as(line).isEmpty());
	}

	static boolean isValid(String schema, String line) {
		JsonSchema validator = FACTORY.getSchema(SchemaLocation.of(Path.of("schemas", schema + ".json").toUri().toString()));
		return validator.validate(line, InputFormat.JSON).isEmpty();
	}
}
