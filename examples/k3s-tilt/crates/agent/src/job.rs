//! A job, and what running one means here: a log in the workspace, and as much time as the job asks for.

use raibid_common::resp::Reply;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

/// The longest that a job may ask for.
const MOST_SECONDS: u64 = 3600;

/// A job of the queue.
#[derive(Debug, PartialEq, Eq)]
pub struct Job {
    /// Its id in the stream.
    pub id: String,
    fields: Vec<(String, String)>,
}

/// Why a job is not done.
#[derive(Debug, PartialEq, Eq)]
pub enum Stopped {
    /// It failed.
    Failed(String),
    /// The agent was asked to end.
    Terminated,
}

impl Job {
    /// The one job in a reply of XREADGROUP.
    pub fn from_reply(reply: &Reply) -> Option<Self> {
        let [stream] = reply.as_list()? else { return None };
        let [_, entries] = stream.as_list()? else { return None };
        let [entry] = entries.as_list()? else { return None };
        let [id, fields] = entry.as_list()? else { return None };
        let texts: Option<Vec<&str>> = fields.as_list()?.iter().map(Reply::as_text).collect();
        let pair = |two: &[&str]| Some((two.first()?.to_string(), two.get(1)?.to_string()));
        let pairs: Option<Vec<_>> = texts?.chunks(2).map(pair).collect();
        Some(Job { id: id.as_text()?.to_owned(), fields: pairs? })
    }

    fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(each, _)| each == name).map(|(_, value)| value.as_str())
    }

    /// Runs it and returns where its log is. Field `seconds` is how long it takes, `exit` how it ends: 0 is well.
    pub fn run(&self, workspace: &Path, gitea: Option<&str>, asked: impl Fn() -> bool) -> Result<PathBuf, Stopped> {
        let path = workspace.join(format!("job-{}.log", self.id));
        self.run_into(&path, gitea, asked).map(|()| path)
    }

    fn run_into(&self, path: &Path, gitea: Option<&str>, asked: impl Fn() -> bool) -> Result<(), Stopped> {
        let failed = |error: std::io::Error| Stopped::Failed(format!("{}: {error}", path.display()));
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(failed)?;
        }
        let mut log = File::create(path).map_err(failed)?;
        let mut say = |words: String| {
            println!("{words}");
            writeln!(log, "{words}").map_err(failed)
        };
        for (name, value) in &self.fields {
            say(format!("{name}: {value:?}"))?;
        }
        if let (Some(host), Some(repository)) = (gitea, self.field("repository")) {
            say(format!("source: http://{host}/{repository}.git"))?;
        }
        let seconds = self.number("seconds", MOST_SECONDS)?;
        let exit = self.number("exit", 255)?;
        let since = Instant::now();
        while since.elapsed() < Duration::from_secs(seconds) {
            if asked() {
                say("stopped".to_owned())?;
                return Err(Stopped::Terminated);
            }
            thread::sleep(Duration::from_millis(50));
        }
        if exit != 0 {
            say(format!("failed with {exit}"))?;
            return Err(Stopped::Failed(format!("ended with {exit}")));
        }
        say("done".to_owned())
    }

    fn number(&self, name: &str, most: u64) -> Result<u64, Stopped> {
        match self.field(name).map(str::parse::<u64>) {
            None => Ok(0),
            Some(Ok(value)) if value <= most => Ok(value),
            Some(_) => Err(Stopped::Failed(format!("{name} is no whole number from 0 to {most}"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(fields: &[(&str, &str)]) -> Job {
        let fields = fields.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        Job { id: "1-0".to_owned(), fields }
    }

    fn workspace(name: &str) -> PathBuf {
        std::env::temp_dir().join(format!("raibid-agent-{}-{name}", std::process::id()))
    }

    #[test]
    fn takes_the_job_out_of_a_reply() {
        let text = |value: &str| Reply::Text(value.as_bytes().to_vec());
        let entry = |fields: Vec<Reply>| Reply::List(vec![text("1-0"), Reply::List(fields)]);
        let reply = |entries: Vec<Reply>| Reply::List(vec![Reply::List(vec![text("jobs"), Reply::List(entries)])]);
        let one = reply(vec![entry(vec![text("repository"), text("raibid/app")])]);
        assert_eq!(Job::from_reply(&one), Some(job(&[("repository", "raibid/app")])));
        assert_eq!(Job::from_reply(&reply(vec![entry(vec![text("half")])])), None);
        assert_eq!(Job::from_reply(&reply(vec![])), None);
        assert_eq!(Job::from_reply(&Reply::Integer(1)), None);
    }

    #[test]
    fn writes_what_it_did_into_the_workspace() {
        let place = workspace("log");
        let path = job(&[("repository", "raibid/app")]).run(&place, Some("gitea-http:3000"), || false).unwrap();
        let log = fs::read_to_string(path).unwrap();
        assert_eq!(log, "repository: \"raibid/app\"\nsource: http://gitea-http:3000/raibid/app.git\ndone\n");
        fs::remove_dir_all(place).unwrap();
    }

    #[test]
    fn fails_when_the_job_does() {
        let place = workspace("fails");
        let run = |fields: &[(&str, &str)], asked: bool| job(fields).run(&place, None, move || asked).unwrap_err();
        assert_eq!(run(&[("exit", "3")], false), Stopped::Failed("ended with 3".to_owned()));
        assert!(matches!(run(&[("seconds", "soon")], false), Stopped::Failed(_)));
        assert_eq!(run(&[("seconds", "60")], true), Stopped::Terminated);
        fs::remove_dir_all(&place).unwrap();
        fs::write(&place, "no directory").unwrap();
        assert!(matches!(run(&[("a", "b")], false), Stopped::Failed(_)));
        fs::remove_file(place).unwrap();
    }
}
