// The page. Its address says what it shows, also after a reload: "/" is the start, "/#<job id>" a job.
import { Trouble, call, ended, final, follow, here, upload } from "/static/api.js";
import { offer, shown } from "/static/background.js";
import { hide } from "/static/mockups.js";
import { judge } from "/static/print.js";

const MAX_BYTES = 20 * 1024 * 1024; // the api's own limit: checked before the picture is sent
const KINDS = /^image\/(jpe?g|png|webp|hei[cf]|avif|tiff|gif|bmp|x-ms-bmp|svg\+xml)$/;
const UNSURE = 0.25; // share of uncertain pixels above which the page warns before printing
const LISTED = 12;
const SENDING = 40; // of 100 on the bar; the job's own progress fills the rest
const SHOP = document.title;
const TITLES = { start: SHOP, work: `Working… - ${SHOP}`, result: `Done - ${SHOP}`, trouble: `Sorry - ${SHOP}` };
const PROVIDERS = { removebg: "remove.bg" };
const STEPS = ["upload", "queued", "running"];

const $ = (id) => document.getElementById(id);
const say = (words) => { if ($("said").textContent !== words) $("said").textContent = words; };
const chosen = new Map(); // job id -> address of the picture on this machine
let leave = () => {}; // stops what the current section waits for
let again = () => {};
let refresh = 0;
let countdown = 0;

function show(section) {
  const came = $(section).hidden;
  for (const name of Object.keys(TITLES)) $(name).hidden = name !== section;
  document.title = TITLES[section];
  if (came && document.readyState === "complete") $(section).querySelector("[tabindex]").focus({ preventScroll: true });
  if (came) scrollTo(0, 0);
}

function route() {
  leave();
  leave = () => {};
  const id = location.hash.slice(1);
  if (id) open(id);
  else show("start");
  list();
}

function home() {
  history.pushState(null, "", "/");
  route();
}

// Sending ----------------------------------------------------------------------------------------

function objection(file) {
  if (file.size === 0) return "This file is empty.";
  if (file.type && !KINDS.test(file.type)) return "We do not accept this kind of file. Please use a JPEG, PNG, WebP, HEIC, AVIF, TIFF, GIF, BMP or SVG.";
  if (file.size > MAX_BYTES) return `This file is ${bytes(file.size)}; the limit is 20 MB. Please export a smaller one.`;
  return "";
}

async function send(file) {
  leave();
  if (location.hash) history.pushState(null, "", "/");
  if (objection(file)) return sorry(new Trouble(objection(file)));
  const local = URL.createObjectURL(file);
  $("sent").src = local;
  step("upload", 0, "Sending the picture");
  const { sent, abort } = upload(file, { transparency: $("transparency").value, method: $("method").value }, (percent) => {
    $("share").textContent = percent < 100 ? ` ${percent} %` : "";
    step("upload", (percent * SENDING) / 100, "Sending the picture");
  });
  leave = abort;
  $("cancel").onclick = home;
  try {
    const { id } = await sent;
    chosen.set(id, local);
    location.hash = id;
  } catch (trouble) {
    sorry(trouble, trouble.retryable ? () => send(file) : null);
  }
}

function step(name, value, words) {
  show("work");
  $("bar").value = value;
  for (const item of $("steps").children) {
    const place = STEPS.indexOf(item.dataset.step) - STEPS.indexOf(name);
    item.className = place < 0 ? "past" : place ? "ahead" : "now";
    if (place === 0) item.setAttribute("aria-current", "step");
    else item.removeAttribute("aria-current");
  }
  say(words);
}

function hint(words) {
  $("hint").textContent = words;
  $("hint").hidden = !words;
}

// One job ----------------------------------------------------------------------------------------

function open(id) {
  const address = `/api/jobs/${encodeURIComponent(id)}`;
  hint("");
  $("cancel").onclick = () => call("DELETE", address).then(home, home);
  leave = follow({ statusUrl: address, eventsUrl: `${address}/events` }, {
    changed: (job) => (final(job) ? end(job) : working(job)),
    lost: () => hint("The server is not answering. We will try again; your picture is stored there."),
    failed: sorry,
  });
}

async function working(job) {
  const waiting = job.status === "queued";
  step(job.status, SENDING + (job.progress * (100 - SENDING)) / 100, waiting ? "Waiting in the queue" : "Cutting it out");
  hint(waiting ? "You can close this page; your cut-out will be listed here when you return." : "");
  if ($("sent").dataset.job === job.id) return;
  $("sent").dataset.job = job.id;
  $("sent").src = await original(job);
}

function end(job) {
  if (job.status === "done") return result(job).catch(sorry);
  const { code, message } = job.error ?? { code: job.status, message: "This job was cancelled." };
  const retry = () => call("POST", `/api/jobs/${job.id}/retry`).then(route, sorry);
  sorry(new Trouble(message, { code, requestId: job.id }), code === "unknown_foreground" ? null : retry); // the result would be the same
}

// Where the picture before the cut can be seen; "" when it is gone.
async function original(job) {
  return chosen.get(job.id) ?? call("GET", `/api/assets/${job.assetId}`).then((asset) => `${here(asset.url)}?w=web`, () => "");
}

async function result(job) {
  const { width, height, ...made } = job.result;
  hide();
  const before = await original(job);
  await picture($("after"), here(made.previewUrl));
  if (before) await picture($("before"), before).catch(() => {}); // without it the cut-out can still be shown
  const { naturalWidth, naturalHeight } = $("before");
  const other = Math.abs(naturalWidth * height - naturalHeight * width) > width + height; // beyond a rounded side
  $("before").hidden = $("split").hidden = !naturalWidth || other;
  if (location.hash !== `#${job.id}`) return; // meanwhile the visitor went elsewhere
  $("compare").style.setProperty("--ratio", width / height);
  divide(50);
  $("size").textContent = `${width} × ${height} px, ${bytes(made.bytes)}`;
  $("how").textContent = made.passedThrough ? "before you sent it" : made.method === "flat" ? "by colour" : `by ${PROVIDERS[job.provider] ?? made.model}`;
  $("time").textContent = `${(job.timings.totalMs / 1000).toFixed(1)} s`;
  $("download").href = `${here(made.cutoutUrl)}?download=1`;
  $("unsure").hidden = made.uncertain <= UNSURE;
  show("result");
  say($("unsure").hidden ? "Done. The cut-out is ready." : `Done. ${$("unsure").textContent}`);
  judge(job);
  list();
}

// The page may be open for longer than a picture's address lasts, so a download asks for a new one.
async function download() {
  const job = await call("GET", `/api/jobs/${location.hash.slice(1)}`);
  const background = await shown();
  const { result } = background ? await filled(job, background) : job;
  Object.assign(document.createElement("a"), { href: `${here(result.cutoutUrl)}?download=1`, download: "" }).click();
}

// A job of the same cut-out, which is not made again, with a file on this background.
async function filled({ assetId, options }, background) {
  say("Making the file");
  const job = await ended(await call("POST", "/api/jobs", { assetId, type: "cutout", options: { ...options, ...background } }));
  if (job.status !== "done") throw new Trouble(job.error?.message ?? "This job was cancelled.", { code: job.error?.code, requestId: job.id });
  return job;
}

function picture(image, address) {
  image.src = address;
  return image.decode().catch(() => { throw new Trouble("The picture did not load.", { code: "network", retryable: true }); });
}

function divide(percent) {
  $("split").value = percent;
  $("split").setAttribute("aria-valuetext", `${Math.round(percent)} % before`);
  $("compare").style.setProperty("--split", `${percent}%`);
}

function sorry(trouble, retry = trouble.retryable ? route : null) {
  $("why").textContent = trouble.message;
  $("code").textContent = [trouble.code, trouble.requestId].filter(Boolean).join(" · ");
  $("again").hidden = !retry;
  again = retry;
  wait(trouble.waitS);
  show("trouble");
}

// The api refuses another try until then.
function wait(seconds) {
  clearInterval(countdown);
  const until = Date.now() + 1000 * seconds;
  const tick = () => {
    const left = Math.max(0, Math.ceil((until - Date.now()) / 1000));
    $("again").disabled = left > 0;
    $("again").textContent = left ? `Try again in ${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}` : "Try again";
    if (!left) clearInterval(countdown);
  };
  countdown = setInterval(tick, 500);
  tick();
}

// Earlier jobs -----------------------------------------------------------------------------------

async function list() {
  clearTimeout(refresh);
  const { items } = await call("GET", "/api/jobs?limit=48").catch(() => ({ items: null }));
  if (!items) return; // the sections above say when the server is down
  const own = ({ id, status, options }) => status !== "cancelled" && `#${id}` !== location.hash && !options.bgColor && !options.bgAsset;
  const listed = items.filter(own).slice(0, LISTED); // a file on a background was made of a cut-out that is there too
  $("thumbs").replaceChildren(...listed.map(thumb));
  $("earlier").hidden = listed.length === 0;
  if (!listed.every(final)) refresh = setTimeout(list, 3000);
}

function thumb(job) {
  const link = document.createElement("a");
  link.href = `#${job.id}`;
  const words = { done: "Cut-out", failed: "Did not work" }[job.status] ?? "In progress";
  if (job.status === "done") {
    const image = new Image();
    image.alt = words;
    image.loading = "lazy";
    image.src = here(job.result.previewUrl);
    link.append(image);
  } else {
    link.append(Object.assign(document.createElement("span"), { textContent: words, className: job.status }));
  }
  const time = Object.assign(document.createElement("time"), { dateTime: job.createdAt, textContent: ago(job.createdAt) });
  const item = document.createElement("li");
  link.append(time);
  item.append(link);
  return item;
}

function ago(time) {
  const minutes = Math.round((Date.now() - Date.parse(time)) / 60000);
  const words = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
  if (minutes < 1) return "just now";
  if (minutes < 60) return words.format(-minutes, "minute");
  return minutes < 1440 ? words.format(-Math.round(minutes / 60), "hour") : words.format(-Math.round(minutes / 1440), "day");
}

function bytes(count) {
  return count < 1e6 ? `${Math.max(1, Math.round(count / 1024))} kB` : `${(count / 1024 / 1024).toFixed(1)} MB`;
}

// What visitors do -------------------------------------------------------------------------------

function dragged(event) {
  if (!event.dataTransfer?.types.includes("Files")) return;
  event.preventDefault();
  document.body.classList.toggle("dragging", event.type === "dragover");
  const [file] = event.type === "drop" ? event.dataTransfer.files : [];
  if (file) send(file);
}

for (const type of ["dragover", "dragleave", "drop"]) addEventListener(type, dragged);
addEventListener("hashchange", route);
addEventListener("paste", (event) => event.clipboardData.files[0] && send(event.clipboardData.files[0]));
$("file").addEventListener("change", (event) => {
  const [file] = event.target.files;
  event.target.value = ""; // so that the same file can be chosen again
  if (file) send(file);
});
for (const type of ["pointerdown", "pointermove"]) {
  $("compare").addEventListener(type, (event) => {
    if (!event.buttons) return;
    if (type === "pointerdown") $("compare").setPointerCapture(event.pointerId);
    const frame = $("compare").getBoundingClientRect();
    divide(Math.min(100, Math.max(0, (100 * (event.clientX - frame.left)) / frame.width)));
  });
}
$("split").addEventListener("input", (event) => divide(event.target.value));
offer((file) => !objection(file) || sorry(new Trouble(objection(file))));
$("again").addEventListener("click", () => again());
$("download").addEventListener("click", (event) => {
  event.preventDefault();
  $("download").setAttribute("aria-busy", "true");
  download().catch(sorry).finally(() => $("download").removeAttribute("aria-busy"));
});
addEventListener("visibilitychange", () => document.hidden || list()); // addresses of thumbnails that are not loaded yet may have expired
document.addEventListener("click", (event) => {
  if (event.target.closest("a")?.getAttribute("href") !== "#") return;
  event.preventDefault();
  home();
});
route();
