import { App } from "cdktf";
import { K3sTiltStack } from "./k3s-tilt-stack";

const app = new App();
new K3sTiltStack(app, "raibid");
app.synth();
