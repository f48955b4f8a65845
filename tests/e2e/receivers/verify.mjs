// What a verify() of the document makes of deliveries: verify.mjs MODULE
// Reads [{secret, body, headers}] and writes a list: the event's id where it is believed, else null.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const { verify } = await import(pathToFileURL(process.argv[2]));
const verdicts = JSON.parse(readFileSync(0)).map(({ secret, body, headers }) => {
  try {
    return verify(secret, body, headers).id;
  } catch {
    return null;
  }
});
console.log(JSON.stringify(verdicts));
