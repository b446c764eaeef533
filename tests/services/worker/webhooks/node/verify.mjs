// Verifies webhooks with the public library: reads {secret, requests: [{headers, body}]}, writes what each says.
import { readFileSync } from "node:fs";
import { Webhook } from "standardwebhooks";

const { secret, requests } = JSON.parse(readFileSync(0, "utf8"));
const webhook = new Webhook(secret);
console.log(JSON.stringify(requests.map(({ headers, body }) => webhook.verify(body, headers))));
