// A CI system on one machine as a stack: k3s, charts, a server and agents, deployed by Tanka and by Tilt.
import { App } from "cdktf";
import { K3sTiltStack } from "./k3s-tilt-stack";

// A warning says which images have no digest; with its trace, the output would name directories of this machine.
const app = new App({ stackTraces: false });
new K3sTiltStack(app, "raibid");
app.synth();
