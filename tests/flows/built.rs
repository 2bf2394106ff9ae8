//! The built Worker as a world to test in: what is sent to it goes over HTTP, by way of
//! `tests/support/flows.mjs`.

use std::cell::{Cell, RefCell};
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, PoisonError};

use base64ct::{Base64, Encoding};
use core::time::Duration;
use fluxer_oauth2::http::{Body, Headers, Method, Request};
use fluxer_oauth2::lengths::MAX_BODY_BYTES;
use fluxer_oauth2::time::Timestamp;
use serde_json::{Value, json};

use crate::world::Answer;

/// A Worker takes two seconds to start: the next test takes over the one before it, emptied.
static IDLE: Mutex<Vec<Process>> = Mutex::new(Vec::new());

/// One Worker, which this world has for itself.
pub struct Built {
    process: RefCell<Option<Process>>,
    now: Cell<Timestamp>,
}

impl Built {
    pub fn with(settings: &[(&str, &str)]) -> Self {
        let idle = IDLE.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut process = idle.unwrap_or_else(Process::start);
        let opened = process.ask(&json!({"settings": settings}));
        let now = opened["now"].as_u64().expect("a time");
        Self {
            process: RefCell::new(Some(process)),
            now: Cell::new(Timestamp::from_millis(now)),
        }
    }

    pub fn now(&self) -> Timestamp {
        self.now.get()
    }

    pub fn advance(&self, span: Duration) {
        self.now.set(self.now.get() + span);
    }

    pub fn send(&self, request: &Request) -> Answer {
        let headers: Vec<_> = Headers::KNOWN
            .iter()
            .filter_map(|name| Some((name, request.header(name)?)))
            .collect();
        let body = match &request.body {
            Body::Read(bytes) => Base64::encode_string(bytes),
            Body::TooLarge => Base64::encode_string(&vec![b'x'; MAX_BODY_BYTES + 1]),
            Body::Broken => panic!("a connection that breaks is for `Native`"),
        };
        let method = match request.method {
            Method::Other => "PROPFIND",
            known => known.as_str(),
        };
        let answer = self
            .process
            .borrow_mut()
            .as_mut()
            .expect("one")
            .ask(&json!({
                "method": method, "target": request.target(), "headers": headers,
                "body": body, "secure": request.secure, "now": self.now().millis(),
            }));
        let headers = answer["headers"].as_array().expect("headers").iter();
        let text = |value: &Value| value.as_str().expect("text").to_owned();
        let body = Base64::decode_vec(&text(&answer["body"])).expect("base64");
        let (body, binary) = match String::from_utf8(body) {
            Ok(body) => (body, Vec::new()),
            Err(binary) => (String::new(), binary.into_bytes()),
        };
        Answer {
            status: u16::try_from(answer["status"].as_u64().expect("a status")).expect("a status"),
            headers: headers.map(|it| (text(&it[0]), text(&it[1]))).collect(),
            body,
            binary,
        }
    }
}

impl Drop for Built {
    fn drop(&mut self) {
        let mut idle = IDLE.lock().unwrap_or_else(PoisonError::into_inner);
        idle.extend(self.process.take());
    }
}

/// Ends when this process does: its input is then at an end.
struct Process {
    _child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Process {
    fn start() -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/flows.mjs");
        let mut child = Command::new("node")
            .arg(script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("node");
        Self {
            input: child.stdin.take().expect("its input"),
            output: BufReader::new(child.stdout.take().expect("its output")),
            _child: child,
        }
    }

    fn ask(&mut self, question: &Value) -> Value {
        writeln!(self.input, "{question}").expect("it listens");
        let mut line = String::new();
        self.output.read_line(&mut line).expect("it answers");
        let answer: Value = serde_json::from_str(&line).expect("it answers in JSON");
        assert!(answer["error"].is_null(), "{}", answer["error"]);
        answer
    }
}
