// A real OpenID Connect provider: oidc.mjs FOLDER_OF_MODULES CLIENT_ID CLIENT_SECRET REDIRECT_URI
// Prints its issuer once it listens. Whoever signs in with its forms is whoever they say: user@example.com of "user".
import { once } from "node:events";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [modules, clientId, clientSecret, redirectUri] = process.argv.slice(2);
const resolved = createRequire(modules + "/").resolve("oidc-provider");
const { default: Provider } = await import(pathToFileURL(resolved));

const server = createServer();
server.listen(0, "127.0.0.1");
await once(server, "listening");
const issuer = `http://127.0.0.1:${server.address().port}`;
const provider = new Provider(issuer, {
  clients: [{ client_id: clientId, client_secret: clientSecret, redirect_uris: [redirectUri] }],
  claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"] },
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({ sub: id, email: `${id}@example.com`, email_verified: true, name: `Name of ${id}` }),
  }),
  pkce: { required: () => true },
});
server.on("request", provider.callback());
console.log(issuer);
