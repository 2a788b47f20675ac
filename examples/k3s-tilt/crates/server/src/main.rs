//! Takes jobs by HTTP and puts them into the queue.
//!
//! `GET /health` and `POST /jobs` on SERVER_PORT, `GET /metrics` on METRICS_PORT.

mod http;

use http::{Answer, Request, form_fields, read_request, write_answer};
use raibid_common::redis::{Address, Failure, Redis};
use raibid_common::resp::Reply;
use raibid_common::{error, info, settings, shutdown, warn};
use std::io::BufReader;
use std::net::{TcpListener, TcpStream};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Requests at a time; the rest is told to come back.
const MOST_REQUESTS: usize = 64;
/// How long a client may take to send or receive.
const CLIENT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long requests may still run once the server was asked to end.
const GRACE: Duration = Duration::from_secs(20);

struct Server {
    redis: Address,
    queue: String,
    accepted: AtomicU64,
    failed: AtomicU64,
    running: AtomicUsize,
}

fn main() -> ExitCode {
    shutdown::listen();
    match start() {
        Ok(server) => {
            while !shutdown::asked() {
                thread::sleep(Duration::from_millis(50));
            }
            let since = Instant::now();
            while server.running.load(Ordering::SeqCst) > 0 && since.elapsed() < GRACE {
                thread::sleep(Duration::from_millis(20));
            }
            info!("asked to end: done");
            ExitCode::SUCCESS
        }
        Err(words) => {
            error!("{words}");
            ExitCode::FAILURE
        }
    }
}

fn start() -> Result<Arc<Server>, String> {
    let mut redis = Address::from_url(&settings::required("REDIS_URL")?).map_err(|what| format!("REDIS_URL {what}"))?;
    // Kubernetes puts the password into the URL as it is; where the variable is there too, it is the safer reading.
    redis.password = settings::optional("REDIS_PASSWORD").or(redis.password);
    let queue = settings::optional("QUEUE_NAME").unwrap_or_else(|| "raibid:jobs".to_owned());
    let (port, metrics_port) = (settings::parsed("SERVER_PORT", 8080)?, settings::parsed("METRICS_PORT", 8081)?);
    info!("jobs go to {queue}, {redis:?}");
    let server = Arc::new(Server {
        redis,
        queue,
        accepted: AtomicU64::new(0),
        failed: AtomicU64::new(0),
        running: AtomicUsize::new(0),
    });
    listen(&server, port, Server::api)?;
    listen(&server, metrics_port, Server::metrics)?;
    Ok(server)
}

fn listen(server: &Arc<Server>, port: u16, answer: fn(&Server, &Request) -> Answer) -> Result<(), String> {
    let listener = TcpListener::bind(("0.0.0.0", port)).map_err(|error| format!("port {port}: {error}"))?;
    info!("listening on port {port}");
    let server = Arc::clone(server);
    thread::spawn(move || {
        for client in listener.incoming() {
            match client {
                Ok(client) => server.serve(client, answer),
                Err(error) => {
                    warn!("port {port}: {error}");
                    thread::sleep(Duration::from_millis(100)); // out of file descriptors, most likely
                }
            }
        }
    });
    Ok(())
}

impl Server {
    fn serve(self: &Arc<Self>, mut client: TcpStream, answer: fn(&Server, &Request) -> Answer) {
        let server = Arc::clone(self);
        if server.running.fetch_add(1, Ordering::SeqCst) >= MOST_REQUESTS {
            server.running.fetch_sub(1, Ordering::SeqCst);
            let _ = write_answer(&mut client, &Answer::text(503, "too many requests at a time"));
            return;
        }
        thread::spawn(move || {
            let _ = client.set_read_timeout(Some(CLIENT_TIMEOUT));
            let _ = client.set_write_timeout(Some(CLIENT_TIMEOUT));
            let answer = match read_request(&mut BufReader::new(&client)) {
                Ok(request) => answer(&server, &request),
                Err(answer) => answer,
            };
            let _ = write_answer(&mut &client, &answer);
            server.running.fetch_sub(1, Ordering::SeqCst);
        });
    }

    fn api(&self, request: &Request) -> Answer {
        match (request.path.as_str(), request.method.as_str()) {
            // Says that the server lives: without redis it would not get better by being killed.
            ("/health", "GET" | "HEAD") => Answer::text(200, "ok"),
            ("/jobs", "POST") => self.add_job(request),
            ("/health" | "/jobs", _) => Answer::text(405, "GET /health, POST /jobs"),
            _ => Answer::text(404, "there are GET /health and POST /jobs"),
        }
    }

    fn add_job(&self, request: &Request) -> Answer {
        if !["", "application/x-www-form-urlencoded"].contains(&request.kind.as_str()) {
            return Answer::text(415, "send a form, as in: curl -d repository=raibid/app");
        }
        let fields = match form_fields(&request.body) {
            Ok(fields) => fields,
            Err(words) => return Answer::text(400, words),
        };
        match self.enqueue(&fields) {
            Ok(id) => {
                self.accepted.fetch_add(1, Ordering::Relaxed);
                info!("job {id} is in {}", self.queue);
                Answer { status: 201, kind: "application/json", body: format!("{{\"id\":\"{id}\"}}\n") }
            }
            Err(failure) => {
                self.failed.fetch_add(1, Ordering::Relaxed);
                error!("{failure}");
                Answer::text(503, "the queue cannot be reached")
            }
        }
    }

    fn enqueue(&self, fields: &[(String, String)]) -> Result<String, Failure> {
        let mut words = vec!["XADD", &self.queue, "*"];
        for (name, value) in fields {
            words.extend([name.as_str(), value.as_str()]);
        }
        let reply = Redis::connect(&self.redis)?.call(&words)?;
        reply.as_text().map(str::to_owned).ok_or(Failure::Unexpected("the id of a job"))
    }

    fn metrics(&self, request: &Request) -> Answer {
        if request.path != "/metrics" {
            return Answer::text(404, "there is GET /metrics");
        }
        let length = Redis::connect(&self.redis).and_then(|mut redis| redis.call(&["XLEN", &self.queue]));
        let length = match length {
            Ok(Reply::Integer(length)) => Some(length),
            Ok(_) => None,
            Err(failure) => {
                warn!("{failure}");
                None
            }
        };
        let body = metrics_text(self.accepted.load(Ordering::Relaxed), self.failed.load(Ordering::Relaxed), length);
        Answer { status: 200, kind: "text/plain; version=0.0.4; charset=utf-8", body }
    }
}

/// Without redis the length is left out: zero would be a lie.
fn metrics_text(accepted: u64, failed: u64, length: Option<i64>) -> String {
    let mut text = String::new();
    let mut metric = |name: &str, kind: &str, help: &str, value: String| {
        text += &format!("# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}\n");
    };
    metric("raibid_jobs_accepted_total", "counter", "Jobs put into the queue.", accepted.to_string());
    metric("raibid_jobs_failed_total", "counter", "Jobs that the queue did not take.", failed.to_string());
    metric("raibid_redis_up", "gauge", "Whether the queue can be reached.", i32::from(length.is_some()).to_string());
    if let Some(length) = length {
        metric("raibid_queue_length", "gauge", "Jobs that are not done.", length.to_string());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaves_out_what_it_does_not_know() {
        assert!(metrics_text(3, 1, Some(2)).contains("\nraibid_queue_length 2\n"));
        assert!(metrics_text(3, 1, Some(2)).starts_with("# HELP raibid_jobs_accepted_total "));
        let down = metrics_text(3, 1, None);
        assert!(down.contains("\nraibid_redis_up 0\n") && !down.contains("raibid_queue_length"));
    }
}
