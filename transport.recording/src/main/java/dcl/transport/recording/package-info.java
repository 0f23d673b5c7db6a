/**
 * What happened on a transport, with its times, as JSON lines: {@link dcl.transport.recording.RecordingWriter} writes them,
 * {@link dcl.transport.recording.RecordingReader} reads them back.
 * <p>
 * No bundle exports this package: bnd copies it into each bundle that records or plays. The format is in {@code schemas/recording.json}. {@code null} is
 * never accepted, and returned only where it says so. Writers and readers are for one thread at a time; everything else is immutable.
 */
package dcl.transport.recording;
