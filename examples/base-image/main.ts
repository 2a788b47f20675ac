// The maintainer's guide of a project with a base image, as a stack: it builds, publishes and releases.
import { App } from "cdktf";
import { BaseImageStack } from "./base-image-stack";

const app = new App();
new BaseImageStack(app, "base-image");
app.synth();
