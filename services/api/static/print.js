// Whether the cut-out can be printed: one line that unfolds, and the file for print. Both come after the cut-out.
import { call, final, here } from "/static/api.js";
import { wear } from "/static/mockups.js";

const EVERY_MS = 1500;
const TRIES = 40; // then the workers have more to do than this visitor waits for
const GATES = {
  compare: "The outline was soft: compare the print file with the cut-out before you print.",
  ask: "The outline is too unsure to be hardened, so there is no print file.",
};

const $ = (id) => document.getElementById(id);
const address = () => `/api/jobs/${location.hash.slice(1)}`;

// Shows what is known of the job, and asks again until its steps have ended or the visitor looks at something else.
export async function judge(job) {
  const shown = location.hash;
  $("print").hidden = $("printed").hidden = true;
  for (let tries = 0; tries < TRIES; tries++) {
    show(job);
    wear(job.result.printAssetId ?? job.result.assetId); // what will be printed, once it is there
    if (job.steps.every(final)) return;
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    if (location.hash !== shown) return;
    job = await call("GET", address()).catch(() => job);
  }
}

function show({ result, steps }) {
  const { print, printUrl, printEdges } = result;
  $("print").hidden = !print && steps.every(final); // nothing follows, or it did not work: the cut-out is there
  $("verdict").textContent = print ? verdict(print) : "Checking it for print…";
  const said = [GATES[printEdges?.gate], printUrl && removals(printEdges?.removed)];
  const words = [...(print?.findings ?? []).map(({ fix }) => fix), ...said].filter(Boolean);
  $("findings").replaceChildren(...words.map((textContent) => Object.assign(document.createElement("li"), { textContent })));
  $("printed").hidden = !printUrl;
  if (printUrl) $("printed").href = `${here(printUrl)}?download=1`;
}

function removals(removed) {
  if (!removed?.parts && !removed?.holes) return "";
  const parts = `${removed.parts} specks (${removed.partsMm2.toFixed(1)} mm²) removed`;
  return `In the print file: ${parts}, ${removed.holes} pinholes (${removed.holesMm2.toFixed(1)} mm²) closed.`;
}

function verdict({ ok, findings, figures }) {
  const size = figures ? ` at ${Math.round(figures.widthMm)} × ${Math.round(figures.heightMm)} mm` : "";
  if (!ok) return `Does not print well${size}`;
  return findings.length ? `Prints${size}, with a remark` : `Prints well${size}`;
}

// Addresses expire while the page is open.
$("printed").addEventListener("click", async (event) => {
  event.preventDefault();
  const job = await call("GET", address()).catch(() => null);
  const href = job?.result?.printUrl ? `${here(job.result.printUrl)}?download=1` : event.target.href;
  Object.assign(document.createElement("a"), { href, download: "" }).click();
});
