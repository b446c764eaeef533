// With types made of /openapi.json: upload by form, body and URL, follow the job, download the cut-out.
import { readFileSync } from "node:fs";
import createClient from "openapi-fetch";
import type { paths } from "./schema.js";

const [address, picture, imageUrl] = process.argv.slice(2) as [string, string, string];
const file = new Blob([new Uint8Array(readFileSync(picture))], { type: "image/jpeg" });
const api = createClient<paths>({ baseUrl: address });
const said: Record<string, unknown> = {};

function must<T>(answer: { data?: T; error?: unknown; response: Response }): T {
  if (answer.data === undefined) throw new Error(`${answer.response.status} ${JSON.stringify(answer.error)}`);
  return answer.data;
}

const byForm = await api.POST("/api/cutouts", {
  body: { file: "", method: "network" },
  bodySerializer: () => {
    const form = new FormData();
    form.append("file", file, "photo.jpg");
    form.append("method", "network");
    return form;
  },
});
const accepted = must(byForm);
said.location = byForm.response.headers.get("Location") === accepted.statusUrl;
const token = byForm.response.headers.get("X-Session-Token");
api.use({ onRequest: ({ request }) => void request.headers.set("Authorization", `Bearer ${token}`) });

const byBody = must(await api.POST("/api/uploads", { body: "", bodySerializer: () => file, headers: { "Content-Type": "image/jpeg" } }));
const byUrl = must(await api.POST("/api/uploads", { body: { imageUrl } }));
said.sameAsset = byBody.id === accepted.assetId && byUrl.id === accepted.assetId;

const path = { job_id: accepted.id };
let job = must(await api.GET("/api/jobs/{job_id}", { params: { path } }));
while (job.status === "queued" || job.status === "running") {
  await new Promise((resolve) => setTimeout(resolve, 100));
  job = must(await api.GET("/api/jobs/{job_id}", { params: { path } }));
}
said.status = job.status;
const events = must(await api.GET("/api/jobs/{job_id}/events", { params: { path }, parseAs: "text" }));
said.events = String(events).includes("event: status");

const made = job.result?.type === "cutout" ? job.result : null;
const [key = "", grant = ""] = made?.cutoutUrl.split("/").slice(-2) ?? [];
const download = (header: { Range?: string; "If-None-Match"?: string }) =>
  api.GET("/assets/{key}/{grant}", { params: { path: { key, grant }, header }, parseAs: "arrayBuffer" });
const whole = await download({});
said.bytes = must(whole).byteLength === made?.bytes;
said.part = must(await download({ Range: "bytes=1-3" })).byteLength;
said.unchanged = (await download({ "If-None-Match": whole.response.headers.get("ETag") ?? "" })).response.status;

const refused = await api.POST("/api/jobs", { body: { assetId: crypto.randomUUID(), type: "cutout" } });
said.refused = refused.error?.error.code;
console.log(JSON.stringify(said));
