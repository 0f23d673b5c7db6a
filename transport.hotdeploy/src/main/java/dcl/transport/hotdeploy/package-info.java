/**
 * Hot deployment: a watched folder whose jars become bundles, with a gate in front of the framework.
 * <p>
 * {@link dcl.transport.hotdeploy.DropZones} is a service that checks a jar, watches a folder, or hands a jar to a host that watches one. Each
 * {@link dcl.transport.hotdeploy.DropZone} that is open is a service, too, with the property {@link dcl.transport.hotdeploy.DropZone#FOLDER}.
 * <p>
 * {@code null} is never accepted and never returned. Enums may gain constants in a minor release. All interfaces here are provider types: nobody else
 * implements them.
 */
@Export
@Version("1.1.0")
package dcl.transport.hotdeploy;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
