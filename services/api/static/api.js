// Calls of the api. Every response is JSON; every failure, also of the network, becomes a Trouble.

const FINAL = ["done", "failed", "cancelled"];
const STREAM_TRIES = 2; // connections that end in a row before polling replaces the stream

export const final = (job) => FINAL.includes(job.status);

export class Trouble extends Error {
  constructor(message, { code = "", requestId = "", retryable = false, waitS = 0 } = {}) {
    super(message);
    Object.assign(this, { code, requestId, retryable, waitS });
  }
}

const offline = () =>
  new Trouble("We cannot reach the server. Check your connection and try again; nothing is lost.", { code: "network", retryable: true });

function refused(status, body, header) {
  const { code = `http_${status}`, message = "The server sent a response that we cannot read." } = body?.error ?? {};
  return new Trouble(message, {
    code,
    requestId: body?.error?.requestId ?? header("X-Request-Id") ?? "",
    retryable: status >= 500 || status === 429,
    waitS: Number(header("Retry-After")), // 0 without one
  });
}

// The api may send absolute addresses (PUBLIC_URL); this page always uses its own origin.
export function here(address) {
  const url = new URL(address, location.href);
  return url.pathname + url.search;
}

// `body` is a form, or is sent as JSON.
export async function call(method, address, body, headers = {}) {
  const json = body && !(body instanceof FormData);
  const sent = json ? { headers: { ...headers, "Content-Type": "application/json" }, body: JSON.stringify(body) } : { headers, body };
  const answer = await fetch(here(address), { method, ...sent }).catch(() => { throw offline(); });
  const said = await answer.json().catch(() => null);
  if (!answer.ok || said === null) throw refused(answer.status, said, (name) => answer.headers.get(name));
  return said;
}

// Send a picture with a cut-out's options; fetch() cannot tell how far an upload is.
// Returns {sent: a Promise of the accepted job, abort()}.
export function upload(file, options, progressed) {
  const request = new XMLHttpRequest();
  const sent = new Promise((resolve, reject) => {
    request.open("POST", "/api/cutouts");
    request.responseType = "json";
    request.upload.onprogress = (event) => event.lengthComputable && progressed(Math.round((100 * event.loaded) / event.total));
    request.onerror = () => reject(offline());
    request.onload = () => {
      if (request.status === 202 && request.response) resolve(request.response);
      else reject(refused(request.status, request.response, (name) => request.getResponseHeader(name)));
    };
    const form = new FormData();
    for (const [name, value] of Object.entries(options)) form.append(name, value);
    form.append("file", file, file.name || "picture");
    request.send(form);
  });
  return { sent, abort: () => request.abort() };
}

// Follow a job to its end: by its event stream, or by polling where the stream does not work.
// Calls changed(job), lost() while the server cannot be reached, failed(trouble). Returns a function that stops it.
export function follow({ statusUrl, eventsUrl }, { changed, lost, failed }) {
  let stopped = false;
  let failures = 0;
  const stream = new EventSource(here(eventsUrl));
  const stop = () => {
    stopped = true;
    stream.close();
  };
  const tell = (job) => {
    if (stopped) return;
    if (final(job)) stop();
    changed(job);
  };
  const ask = async () => {
    stream.close();
    for (let pause = 1000; !stopped; pause = Math.min(2 * pause, 8000)) {
      try {
        tell(await call("GET", statusUrl));
        pause = 500;
      } catch (trouble) {
        if (stopped) return;
        if (!trouble.retryable) return failed(trouble);
        lost();
      }
      await new Promise((resume) => setTimeout(resume, pause));
    }
  };
  stream.addEventListener("open", () => { failures = 0; });
  stream.addEventListener("status", (event) => tell(JSON.parse(event.data)));
  stream.addEventListener("error", () => {
    // The api ends a stream after half a minute and the browser comes back by itself; only refusals and silence count.
    failures += 1;
    if (!stopped && (stream.readyState === EventSource.CLOSED || failures >= STREAM_TRIES)) ask();
  });
  return stop;
}

// The job once it has ended, whatever its end.
export function ended(accepted) {
  return new Promise((resolve, reject) => {
    follow(accepted, { changed: (job) => final(job) && resolve(job), lost: () => {}, failed: reject });
  });
}
