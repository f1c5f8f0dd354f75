// Reads calls as JSON lines {product, action, params} and answers each with {answer} or {code, message}.
// Arguments: endpoint, region, folder with node_modules. The access key comes from the environment.
import { createRequire } from "node:module";
import readline from "node:readline";

const [endpoint, regionId, folder] = process.argv.slice(2);
const require = createRequire(`${folder}/`);
const accessKeyId = process.env.ALIBABA_CLOUD_ACCESS_KEY_ID;
const accessKeySecret = process.env.ALIBABA_CLOUD_ACCESS_KEY_SECRET;
const { Config } = require("@alicloud/openapi-client");
const packages = { Vpc: "@alicloud/vpc20160428", Ecs: "@alicloud/ecs20140526", Cms: "@alicloud/cms20190101" };
const modules = Object.fromEntries(Object.entries(packages).map(([product, name]) => [product, require(name)]));
const clients = Object.fromEntries(Object.entries(modules).map(([product, module]) => [
  product,
  new module.default(new Config({ accessKeyId, accessKeySecret, endpoint, regionId, protocol: "http", readTimeout: 30000 })),
]));
const PopCore = require("@alicloud/pop-core");
const generic = new PopCore.RPCClient({
  accessKeyId, accessKeySecret, endpoint: `http://${endpoint}`, apiVersion: "2017-09-12",
});

// A model's constructor sets members of any name, so names are checked against those that the model knows.
function build(type, params) {
  const wire = type.names();
  const members = Object.fromEntries(Object.entries(wire).map(([member, name]) => [name, member]));
  const types = type.types();
  const made = {};
  for (const [name, value] of Object.entries(params)) {
    if (name === "RegionId" && !(name in members)) continue; // the region is found by the object
    if (!(name in members)) throw new Error(`${type.name} has no ${name}`);
    made[members[name]] = value_of(types[members[name]], value);
  }
  return new type(made);
}

function value_of(type, value) {
  if (type && type.type === "array") return value.map((one) => value_of(type.itemType, one));
  return typeof type === "function" && type.names ? build(type, value) : value;
}

function plain(value) {
  if (Array.isArray(value)) return value.map(plain);
  if (value && typeof value === "object" && value.toMap) {
    return Object.fromEntries(Object.entries(value.toMap()).filter(([, one]) => one !== undefined && one !== null)
      .map(([name, one]) => [name, plain(one)]));
  }
  if (value && typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, plain(one)]));
  }
  return value;
}

async function call({ product, action, params }) {
  if (product === "Cbn") return generic.request(action, params, { method: "POST" });
  const request = build(modules[product][`${action}Request`], params);
  const method = action[0].toLowerCase() + action.slice(1);
  return plain((await clients[product][method](request)).body);
}

for await (const line of readline.createInterface({ input: process.stdin })) {
  let answer;
  try {
    answer = { answer: await call(JSON.parse(line)) };
  } catch (error) {
    answer = { code: error.code ?? "", message: String(error.message ?? error) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
