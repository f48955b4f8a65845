// An OpenID Connect provider that lies: forger.mjs CLIENT_ID. Prints its issuer once it listens.
// A code is "LIE:NONCE": what its id_token is wrong in, and the nonce that a right one has.
import { once } from "node:events";
import { createHmac, generateKeyPairSync, sign } from "node:crypto";
import { createServer } from "node:http";

const [clientId] = process.argv.slice(2);
const base64url = (value) => Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");
const newKey = (kid) => {
  const pair = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return { kid, secret: pair.privateKey, jwk: { ...pair.publicKey.export({ format: "jwk" }), kid, use: "sig", alg: "ES256" } };
};
const known = newKey("known");
const unknown = newKey("unknown");
let published = [known.jwk];
let keysAsked = 0;

const claims = (nonce) => {
  const now = Math.floor(Date.now() / 1000);
  return { iss: issuer, aud: clientId, sub: "mallory", nonce, iat: now, exp: now + 60, email: "m@example.com", name: "M" };
};
const es256 = (header, payload, key = known) => {
  const text = `${base64url({ alg: "ES256", kid: key.kid, ...header })}.${base64url(payload)}`;
  return `${text}.${sign("sha256", Buffer.from(text), { key: key.secret, dsaEncoding: "ieee-p1363" }).toString("base64url")}`;
};
const hs256 = (payload) => {
  const text = `${base64url({ alg: "HS256", kid: "known" })}.${base64url(payload)}`;
  return `${text}.${createHmac("sha256", JSON.stringify(known.jwk)).update(text).digest("base64url")}`;
};
const lies = {
  none: (right) => es256({}, right),
  wrong_nonce: (right) => es256({}, { ...right, nonce: "x" }),
  no_nonce: (right) => es256({}, { ...right, nonce: undefined }),
  alg_none: (right) => `${base64url({ alg: "none" })}.${base64url(right)}.`,
  alg_hs256: (right) => hs256(right),
  wrong_audience: (right) => es256({}, { ...right, aud: "another" }),
  wrong_party: (right) => es256({}, { ...right, aud: [clientId, "another"], azp: "another" }),
  wrong_issuer: (right) => es256({}, { ...right, iss: issuer + "/" }),
  expired: (right) => es256({}, { ...right, exp: right.iat - 61 }),
  no_subject: (right) => es256({}, { ...right, sub: undefined }),
  unknown_kid: (right) => es256({}, right, unknown),
  other_signature: (right) => es256({ kid: "known" }, right, unknown),
  rotated: (right) => ((published = [newKey("known").jwk, unknown.jwk]), es256({}, right, unknown)),
};

const answers = {
  "/.well-known/openid-configuration": () => ({
    issuer, authorization_endpoint: `${issuer}/authorize`, token_endpoint: `${issuer}/token`, jwks_uri: `${issuer}/keys`,
  }),
  "/keys": () => (keysAsked++, { keys: published }),
  "/keys_asked": () => keysAsked,
  "/token": (form) => {
    const [lie, nonce] = form.get("code").split(":");
    return { access_token: "at-of-forger", token_type: "Bearer", id_token: lies[lie](claims(nonce)) };
  },
};
const server = createServer(async (request, response) => {
  let body = "";
  for await (const chunk of request) body += chunk;
  const answer = answers[request.url];
  response.writeHead(answer ? 200 : 404, { "Content-Type": "application/json" });
  response.end(JSON.stringify(answer ? answer(new URLSearchParams(body)) : {}));
});
server.listen(0, "127.0.0.1");
await once(server, "listening");
const issuer = `http://127.0.0.1:${server.address().port}`;
console.log(issuer);
