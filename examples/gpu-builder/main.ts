// The runbook "sync and build" as a stack: its images on an EC2 builder, and the same on this machine.
import { App } from "cdktf";
import { Ec2BuilderStack } from "./ec2-builder-stack";
import { LocalBuilderStack } from "./local-builder-stack";

const app = new App();
new Ec2BuilderStack(app, "gpu-builder");
new LocalBuilderStack(app, "gpu-builder-local");
app.synth();
