/* libwebsockets, both roles, steered by lines on standard input; see README.md. Ends with its standard input.
 * One thread reads the lines; everything else happens on the thread of the library. */
#include <libwebsockets.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LIMIT (1 << 20)
#define MAX_LINE 4096
#define MAX_ID 64

/* One frame that waits for the socket. */
struct frame {
	struct frame *next;
	enum lws_write_protocol kind;
	size_t length;
	unsigned char bytes[]; /* LWS_PRE, then the payload */
};

struct session {
	struct session *next;
	struct lws *wsi;
	char id[MAX_ID];
	char agreed[MAX_ID]; /* the sub-protocol, or empty */
	struct frame *first, *last;
	unsigned char *message; /* what has arrived of one */
	size_t arrived;
	int over; /* more than is held */
	int burst, burst_count, burst_size; /* messages queued so far, and in all; 0 for no burst */
	int closing; /* 1: close with the code below, 2: close without one */
	int code;
	char reason[128];
	int told; /* how it ended */
};

struct line {
	struct line *next;
	char text[MAX_LINE];
};

static struct lws_context *context;
static struct lws_vhost *vhost;
static struct session *sessions;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct line *lines, *last_line; /* guarded by lock */
static int ended; /* guarded by lock */

static void *need(void *memory)
{
	if (!memory) {
		fprintf(stderr, "out of memory\n");
		exit(1);
	}
	return memory;
}

static struct session *find(const char *id)
{
	struct session *s = sessions;
	while (s && strcmp(s->id, id)) {
		s = s->next;
	}
	return s;
}

static struct frame *queue(struct session *s, enum lws_write_protocol kind, size_t length)
{
	struct frame *f = need(calloc(1, sizeof *f + LWS_PRE + length));
	f->kind = kind;
	f->length = length;
	if (s->last) {
		s->last->next = f;
	} else {
		s->first = f;
	}
	s->last = f;
	if (s->wsi) {
		lws_callback_on_writable(s->wsi);
	}
	return f;
}

static void fragments(struct session *s, size_t size, size_t count)
{
	size_t part = (size + count - 1) / count;
	for (size_t i = 0; i < count; i++) {
		size_t from = i * part < size ? i * part : size, to = from + part < size ? from + part : size;
		struct frame *f = queue(s, lws_write_ws_flags(LWS_WRITE_BINARY, i == 0, i == count - 1), to - from);
		for (size_t at = from; at < to; at++) {
			f->bytes[LWS_PRE + at - from] = (unsigned char)(at * 31 + (at >> 8) * 17 + 7);
		}
	}
}

/* Queues the next message of a burst, so that only one is held here. */
static void burst(struct session *s)
{
	struct frame *f = queue(s, LWS_WRITE_BINARY, (size_t)s->burst_size);
	unsigned char *to = f->bytes + LWS_PRE;
	to[0] = (unsigned char)(s->burst >> 24);
	to[1] = (unsigned char)(s->burst >> 16);
	to[2] = (unsigned char)(s->burst >> 8);
	to[3] = (unsigned char)s->burst;
	s->burst++;
}

/* Writes one frame, as the library asks; less than 0 ends the connection. */
static int writable(struct session *s)
{
	struct frame *f = s->first;
	if (f) {
		if (lws_write(s->wsi, f->bytes + LWS_PRE, f->length, f->kind) < (int)f->length) {
			return -1;
		}
		s->first = f->next;
		if (!s->first) {
			s->last = NULL;
		}
		free(f);
		lws_callback_on_writable(s->wsi);
	} else if (s->burst < s->burst_count) {
		burst(s);
	} else if (s->burst_count) { /* called again, so nothing waits in the library either */
		s->burst_count = s->burst = 0;
		printf("%s sent\n", s->id);
	} else if (s->closing) {
		if (s->closing == 1) {
			lws_close_reason(s->wsi, (enum lws_close_status)s->code, (unsigned char *)s->reason, strlen(s->reason));
		}
		return -1;
	}
	return 0;
}

static int received(struct session *s, const void *in, size_t length)
{
	/* The library has no limit for a message, and 4.1.6 writes beyond a buffer of its own if a callback closes in the midst of one. */
	s->over |= s->arrived + length > LIMIT;
	if (s->over) {
		if (lws_is_final_fragment(s->wsi)) {
			s->closing = 1;
			s->code = LWS_CLOSE_STATUS_MESSAGE_TOO_LARGE;
			lws_callback_on_writable(s->wsi);
		}
		return 0;
	}
	memcpy(s->message + s->arrived, in, length);
	s->arrived += length;
	if (lws_is_final_fragment(s->wsi)) {
		struct frame *f = queue(s, lws_frame_is_binary(s->wsi) ? LWS_WRITE_BINARY : LWS_WRITE_TEXT, s->arrived);
		memcpy(f->bytes + LWS_PRE, s->message, s->arrived);
		s->arrived = 0;
	}
	return 0;
}

static struct session *begin(const char *id)
{
	struct session *s = need(calloc(1, sizeof *s));
	s->message = need(malloc(LIMIT));
	snprintf(s->id, sizeof s->id, "%s", id);
	s->next = sessions;
	sessions = s;
	return s;
}

static void forget(struct session *s)
{
	struct session **at = &sessions;
	while (*at != s) {
		at = &(*at)->next;
	}
	*at = s->next;
	while (s->first) {
		struct frame *f = s->first;
		s->first = f->next;
		free(f);
	}
	free(s->message);
	free(s);
}

static void opened(struct session *s)
{
	printf("%s open %s\n", s->id, *s->agreed ? s->agreed : "-");
}

static void run(char *text);

static int callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t length)
{
	struct session **mine = user, *s = mine ? *mine : NULL;
	switch (reason) {
	case LWS_CALLBACK_EVENT_WAIT_CANCELLED:
		for (;;) {
			pthread_mutex_lock(&lock);
			struct line *l = lines;
			if (l) {
				lines = l->next;
				if (!lines) {
					last_line = NULL;
				}
			}
			pthread_mutex_unlock(&lock);
			if (!l) {
				break;
			}
			run(l->text);
			free(l);
		}
		break;
	case LWS_CALLBACK_ESTABLISHED: {
		char path[MAX_ID + 16] = "";
		lws_hdr_copy(wsi, path, sizeof path, WSI_TOKEN_GET_URI);
		path[strcspn(path + 1, "/") + 1] = 0;
		s = *mine = begin(path + 1);
		s->wsi = wsi;
		if (strcmp(lws_get_protocol(wsi)->name, "none")) {
			snprintf(s->agreed, sizeof s->agreed, "%s", lws_get_protocol(wsi)->name);
		}
		opened(s);
		break;
	}
	case LWS_CALLBACK_CLIENT_FILTER_PRE_ESTABLISH: /* the last time that the server's head is there */
		s = lws_get_opaque_user_data(wsi);
		lws_hdr_copy(wsi, s->agreed, sizeof s->agreed, WSI_TOKEN_PROTOCOL);
		break;
	case LWS_CALLBACK_CLIENT_ESTABLISHED:
		s = *mine = lws_get_opaque_user_data(wsi);
		s->wsi = wsi;
		opened(s);
		break;
	case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
		s = lws_get_opaque_user_data(wsi);
		if (s) {
			printf("%s failed %s\n", s->id, in ? (char *)in : "");
			lws_set_opaque_user_data(wsi, NULL);
			forget(s);
		}
		break;
	case LWS_CALLBACK_SERVER_WRITEABLE:
	case LWS_CALLBACK_CLIENT_WRITEABLE:
		return s ? writable(s) : 0;
	case LWS_CALLBACK_RECEIVE:
	case LWS_CALLBACK_CLIENT_RECEIVE:
		return received(s, in, length);
	case LWS_CALLBACK_RECEIVE_PONG:
	case LWS_CALLBACK_CLIENT_RECEIVE_PONG:
		printf("%s pong %.*s\n", s->id, (int)length, (char *)in);
		break;
	case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE: {
		const unsigned char *body = in;
		s->told = 1;
		if (length < 2) {
			printf("%s closed 1005 \n", s->id);
		} else {
			printf("%s closed %d %.*s\n", s->id, body[0] << 8 | body[1], (int)length - 2, body + 2);
		}
		break;
	}
	case LWS_CALLBACK_CLOSED:
	case LWS_CALLBACK_CLIENT_CLOSED:
		if (s) {
			if (!s->told) {
				printf("%s closed %d \n", s->id, s->closing == 1 ? s->code : s->closing ? 1005 : 1006);
			}
			*mine = NULL;
			lws_set_opaque_user_data(wsi, NULL);
			forget(s);
		}
		break;
	default:
		break;
	}
	return 0;
}

static const struct lws_protocols PROTOCOLS[] = {
	{"none", callback, sizeof(struct session *), 65536, 0, NULL, 0},
	{"rfc5", callback, sizeof(struct session *), 65536, 0, NULL, 0},
	{NULL, NULL, 0, 0, 0, NULL, 0}
};

static struct lws_vhost *host(int port, const char *name, const char *cert, const char *key, const char *ca)
{
	struct lws_context_creation_info info;
	memset(&info, 0, sizeof info);
	info.port = port;
	info.iface = port == CONTEXT_PORT_NO_LISTEN ? NULL : "127.0.0.1";
	info.protocols = PROTOCOLS;
	info.vhost_name = name;
	info.options = LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
	if (cert) {
		info.ssl_cert_filepath = cert;
		info.ssl_private_key_filepath = key;
	}
	if (ca) {
		info.client_ssl_ca_filepath = ca;
	}
	struct lws_vhost *made = lws_create_vhost(context, &info);
	if (!made) {
		fprintf(stderr, "no vhost\n");
		exit(1);
	}
	return made;
}

static void listen_on(const char *cert, const char *key)
{
	int secure = strcmp(cert, "-") != 0;
	static int count;
	char name[32];
	snprintf(name, sizeof name, "server-%d", ++count);
	printf("listening %d\n", lws_get_vhost_listen_port(host(0, name, secure ? cert : NULL, secure ? key : NULL, NULL)));
}

static void connect_to(const char *id, char *url, char *protocols, const char *ca)
{
	const char *scheme, *address, *path;
	char full[256];
	int port;
	struct lws_client_connect_info info;
	memset(&info, 0, sizeof info);
	if (lws_parse_uri(url, &scheme, &address, &port, &path)) {
		printf("%s failed the URL is not understood\n", id);
		return;
	}
	snprintf(full, sizeof full, "/%s", path);
	if (strcmp(ca, "-")) {
		static int count;
		char name[32];
		snprintf(name, sizeof name, "client-%d", ++count);
		info.vhost = host(CONTEXT_PORT_NO_LISTEN, name, NULL, NULL, ca);
	} else {
		info.vhost = vhost;
	}
	info.context = context;
	info.address = "127.0.0.1"; /* the host below is what is asked for, and what the certificate has to name */
	info.host = address;
	info.port = port;
	info.path = full;
	info.protocol = strcmp(protocols, "-") ? protocols : NULL;
	info.ssl_connection = strcmp(scheme, "wss") ? 0 : LCCSCF_USE_SSL;
	info.opaque_user_data = begin(id);
	if (!lws_client_connect_via_info(&info)) {
		struct session *s = find(id);
		if (s) { /* not told by the callback */
			printf("%s failed at once\n", id);
			forget(s);
		}
	}
}

static void run(char *text)
{
	char *rest = text, *first = strsep(&rest, " "), *verb = strsep(&rest, " ");
	if (!strcmp(first, "listen")) {
		listen_on(verb, rest);
		return;
	}
	if (!strcmp(verb, "connect")) {
		char *url = strsep(&rest, " "), *protocols = strsep(&rest, " ");
		connect_to(first, url, protocols, rest);
		return;
	}
	struct session *s = find(first);
	if (!s) {
		fprintf(stderr, "no session for: %s %s\n", first, verb);
		return;
	}
	if (!strcmp(verb, "fragments")) {
		char *size = strsep(&rest, " ");
		fragments(s, (size_t)atol(size), (size_t)atol(rest));
	} else if (!strcmp(verb, "burst")) {
		s->burst_count = atoi(strsep(&rest, " "));
		s->burst_size = atoi(rest);
		burst(s);
	} else if (!strcmp(verb, "ping")) {
		struct frame *f = queue(s, LWS_WRITE_PING, strlen(rest));
		memcpy(f->bytes + LWS_PRE, rest, strlen(rest));
	} else if (!strcmp(verb, "pause") || !strcmp(verb, "resume")) {
		lws_rx_flow_control(s->wsi, *verb == 'r');
	} else if (!strcmp(verb, "close")) {
		s->closing = rest ? 1 : 2;
		if (rest) {
			s->code = atoi(strsep(&rest, " "));
			snprintf(s->reason, sizeof s->reason, "%s", rest ? rest : "");
		}
		lws_callback_on_writable(s->wsi);
	} else {
		fprintf(stderr, "expected a command, got %s\n", verb);
		exit(1);
	}
}

static void *read_lines(void *unused)
{
	struct line *l = need(calloc(1, sizeof *l));
	while (fgets(l->text, sizeof l->text, stdin)) {
		l->text[strcspn(l->text, "\n")] = 0;
		pthread_mutex_lock(&lock);
		if (last_line) {
			last_line->next = l;
		} else {
			lines = l;
		}
		last_line = l;
		pthread_mutex_unlock(&lock);
		lws_cancel_service(context);
		l = need(calloc(1, sizeof *l));
	}
	pthread_mutex_lock(&lock);
	ended = 1;
	pthread_mutex_unlock(&lock);
	lws_cancel_service(context);
	return unused;
}

int main(void)
{
	struct lws_context_creation_info info;
	pthread_t reader;
	int stop = 0;
	setvbuf(stdout, NULL, _IOLBF, 0);
	lws_set_log_level(LLL_ERR | LLL_WARN, NULL);
	memset(&info, 0, sizeof info);
	info.options = LWS_SERVER_OPTION_EXPLICIT_VHOSTS | LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
	info.pt_serv_buf_size = 65536;
	context = lws_create_context(&info);
	if (!context) {
		return 1;
	}
	vhost = host(CONTEXT_PORT_NO_LISTEN, "client", NULL, NULL, NULL);
	printf("version %s\n", LWS_LIBRARY_VERSION);
	if (pthread_create(&reader, NULL, read_lines, NULL)) {
		return 1;
	}
	while (!stop && lws_service(context, 0) >= 0) {
		pthread_mutex_lock(&lock);
		stop = ended;
		pthread_mutex_unlock(&lock);
	}
	lws_context_destroy(context);
	return 0;
}
