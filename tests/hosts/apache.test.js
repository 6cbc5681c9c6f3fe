import { testProxy } from "./suite.js";

await testProxy("apache");
