//! Answers each line of standard input, a message, with what a library makes of it.
use base64::{engine::general_purpose::STANDARD, Engine};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{json, Value};
use std::error::Error;
use std::io::{stdin, BufRead};

fn ask(asked: &Value) -> Result<(), Box<dyn Error>> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut headers = HeaderMap::new();
    for header in asked["headers"].as_array().into_iter().flatten() {
        headers.append(
            HeaderName::from_bytes(text(&header[0]).as_bytes())?,
            HeaderValue::from_str(&text(&header[1]))?,
        );
    }
    let body = STANDARD.decode(text(&asked["body"]))?;
    let secret = text(&asked["secret"]);
    if asked["library"] == "svix" {
        svix::webhooks::Webhook::new(&secret)?.verify(&body, &headers)?;
    } else {
        standardwebhooks::Webhook::new(&secret)?.verify(&body, &headers)?;
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    for line in stdin().lock().lines() {
        let answer = match ask(&serde_json::from_str(&line?)?) {
            Ok(()) => json!({"accepted": true, "said": "nothing"}),
            Err(refusal) => json!({"accepted": false, "said": refusal.to_string()}),
        };
        println!("{answer}");
    }
    Ok(())
}
