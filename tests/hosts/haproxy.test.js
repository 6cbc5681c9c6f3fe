import { testProxy } from "./suite.js";

await testProxy("haproxy");
