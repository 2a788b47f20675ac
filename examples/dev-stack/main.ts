// Jarv1s' build strategies as a stack: a backend and a frontend to work on, with containers and without.
import { App } from "cdktf";
import { DevStackExample } from "./dev-stack-example";

const app = new App();
new DevStackExample(app, "dev-stack");
app.synth();
