//! Takes one job from the queue, runs it, and ends. KEDA starts one agent for each job that waits.
//!
//! Exit code 0: the job is done, or there was none. Anything else: the job was not acknowledged and stays in the group's
//! list of pending ones.

mod job;

use job::Job;
use raibid_common::redis::{Address, Failure, Redis};
use raibid_common::resp::Reply;
use raibid_common::{debug, error, info, settings, shutdown};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// How long to wait for a job; another agent may have been faster.
const WAIT: Duration = Duration::from_secs(5);
/// What the shell says of a program that SIGTERM ended.
const TERMINATED: u8 = 143;

struct Agent {
    redis: Redis,
    stream: String,
    group: String,
    consumer: String,
    workspace: PathBuf,
}

fn main() -> ExitCode {
    shutdown::listen();
    match run() {
        Ok(code) => ExitCode::from(code),
        Err(words) => {
            error!("{words}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<u8, String> {
    let address = Address {
        host: settings::required("REDIS_HOST")?,
        port: settings::parsed("REDIS_PORT", 6379)?,
        user: None,
        password: settings::optional("REDIS_PASSWORD"),
        database: None,
    };
    let stream = settings::required("QUEUE_STREAM")?;
    let group = settings::required("CONSUMER_GROUP")?;
    let workspace = PathBuf::from(settings::required("WORKSPACE_DIR")?);
    let gitea = settings::optional("GITEA_HOST");
    // The name of the pod; two agents must not share one.
    let host = settings::optional("HOSTNAME").unwrap_or_else(|| "agent".to_owned());
    let consumer = format!("{host}-{}", std::process::id());

    debug!("{consumer} reads {stream} as {group}, {address:?}");
    let redis = Redis::connect(&address).map_err(|failure| failure.to_string())?;
    let mut agent = Agent { redis, stream, group, consumer, workspace };
    agent.ensure_group().map_err(|failure| failure.to_string())?;
    let job = agent.take().map_err(|failure| failure.to_string())?;
    let Some(job) = job else {
        info!("no job waits");
        agent.leave();
        return Ok(0);
    };
    info!("job {}: begins", job.id);
    match job.run(&agent.workspace, gitea.as_deref(), shutdown::asked) {
        Ok(log) => {
            agent.finish(&job).map_err(|failure| failure.to_string())?;
            info!("job {}: done, log in {}", job.id, log.display());
            agent.leave();
            Ok(0)
        }
        Err(job::Stopped::Failed(words)) => Err(format!("job {}: {words}", job.id)),
        Err(job::Stopped::Terminated) => {
            error!("job {}: asked to end before it was done", job.id);
            Ok(TERMINATED)
        }
    }
}

impl Agent {
    /// Makes the stream and its group, which begins with the first job; one that is there already stays.
    fn ensure_group(&mut self) -> Result<(), Failure> {
        match self.redis.call(&["XGROUP", "CREATE", &self.stream, &self.group, "0", "MKSTREAM"]) {
            Err(Failure::Refused(words)) if words.starts_with("BUSYGROUP") => Ok(()),
            other => other.map(|_| ()),
        }
    }

    fn take(&mut self) -> Result<Option<Job>, Failure> {
        let block = WAIT.as_millis().to_string();
        let reply = self.redis.call_blocking(
            &[
                "XREADGROUP",
                "GROUP",
                &self.group,
                &self.consumer,
                "COUNT",
                "1",
                "BLOCK",
                &block,
                "STREAMS",
                &self.stream,
                ">",
            ],
            WAIT,
        )?;
        match reply {
            Reply::Nil => Ok(None),
            reply => Job::from_reply(&reply).map(Some).ok_or(Failure::Unexpected("a job")),
        }
    }

    /// Acknowledges a job, and takes it out of the stream, whose length then is what is not done.
    fn finish(&mut self, job: &Job) -> Result<(), Failure> {
        self.redis.call(&["XACK", &self.stream, &self.group, &job.id])?;
        self.redis.call(&["XDEL", &self.stream, &job.id])?;
        Ok(())
    }

    /// A consumer without pending jobs would stand in the group for ever.
    fn leave(&mut self) {
        if let Err(failure) = self.redis.call(&["XGROUP", "DELCONSUMER", &self.stream, &self.group, &self.consumer]) {
            debug!("{failure}");
        }
    }
}
