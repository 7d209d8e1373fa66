// node evaluate.mjs SCRIPT EXPRESSION < {"name": value}: the expression's value as JSON. It may use the names
// that the script exports and those given.
import { readFileSync } from "node:fs";

const [script, expression] = process.argv.slice(2);
const names = { ...(await import(script)), ...JSON.parse(readFileSync(0, "utf8")) };
delete names.default;
console.log(JSON.stringify(new Function(...Object.keys(names), `return (${expression});`)(...Object.values(names))));
