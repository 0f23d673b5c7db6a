/** TLS for tests. */
package dcl.transport.itest.tls;
