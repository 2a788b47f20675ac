// The app that cdktf.json runs: the stacks of this repository, ready to be changed into yours.
import { App } from "cdktf";
import { Ec2BuilderStack } from "../examples/gpu-builder/ec2-builder-stack";
import { LocalBuilderStack } from "../examples/gpu-builder/local-builder-stack";

const app = new App();
new Ec2BuilderStack(app, "gpu-builder");
new LocalBuilderStack(app, "gpu-builder-local");
app.synth();
