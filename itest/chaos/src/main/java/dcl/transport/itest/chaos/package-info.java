/**
 * For tests: a TCP proxy that breaks connections on purpose, and a checker of what peers saw meanwhile. Plain Java; nothing is ever
 * {@code null}.
 */
package dcl.transport.itest.chaos;
