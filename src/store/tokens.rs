//! The rows of tokens and invitations. Never: the secrets, of which only digests are
//! kept.

use super::accounts::number;
use crate::accounts::{AccountId, Label, TokenId, TokenRow};
use crate::limits::USE_STEP;
use crate::secrets::Digest;
use rusqlite::types::Type;
use rusqlite::{Connection, Error, OptionalExtension, Result, Row, params};

/// A token of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub id: TokenId,
    pub account: AccountId,
}

fn digest(row: &Row<'_>, column: usize) -> Result<Digest> {
    let bytes = row.get_ref(column)?.as_blob()?;
    let wrong = || Error::FromSqlConversionFailure(column, Type::Blob, "a digest's length".into());
    Digest::from_bytes(bytes).ok_or_else(wrong)
}

/// The token that a secret is.
pub(super) fn find(connection: &Connection, secret: Digest) -> Result<Option<Token>> {
    let sql = "SELECT id, account, digest FROM token WHERE digest = ?1";
    let found = connection.prepare_cached(sql)?.query_row([secret.as_bytes()], |row| {
        let token = Token { id: TokenId(number(row, 0)?), account: AccountId(number(row, 1)?) };
        Ok((token, digest(row, 2)?))
    });
    let found = found.optional()?;
    Ok(found.filter(|(_, kept)| *kept == secret).map(|(token, _)| token))
}

/// The tokens of an account, by label.
pub(super) fn list(connection: &Connection, account: AccountId) -> Result<Vec<TokenRow>> {
    let sql = "SELECT label, created, used FROM token WHERE account = ?1 ORDER BY label";
    let row = |row: &Row<'_>| {
        let label = Label::parse(row.get_ref(0)?.as_str()?);
        let wrong = || Error::FromSqlConversionFailure(0, Type::Text, "no label".into());
        Ok(TokenRow { label: label.ok_or_else(wrong)?, created: row.get(1)?, used: row.get(2)? })
    };
    connection.prepare_cached(sql)?.query_map([account.0.get()], row)?.collect()
}

pub(super) fn insert(
    connection: &Connection,
    account: AccountId,
    label: &Label,
    secret: Digest,
    now: i64,
) -> Result<()> {
    let sql = "INSERT INTO token (account, label, digest, created) VALUES (?1, ?2, ?3, ?4)";
    let values = params![account.0.get(), label.as_str(), secret.as_bytes(), now];
    connection.prepare_cached(sql)?.execute(values).map(drop)
}

/// Removes one; none where there is none of that label.
pub(super) fn revoke(
    connection: &Connection,
    account: AccountId,
    label: &Label,
) -> Result<Option<TokenId>> {
    let sql = "DELETE FROM token WHERE account = ?1 AND label = ?2 RETURNING id";
    let id = |row: &Row<'_>| Ok(TokenId(number(row, 0)?));
    let values = params![account.0.get(), label.as_str()];
    connection.prepare_cached(sql)?.query_row(values, id).optional()
}

/// It was used now.
pub(super) fn was_used(connection: &Connection, token: TokenId, now: i64) -> Result<()> {
    let recent = now - USE_STEP.as_secs() as i64;
    let used = "SELECT 1 FROM token WHERE id = ?1 AND used > ?2";
    if connection.prepare_cached(used)?.exists(params![token.0.get(), recent])? {
        return Ok(());
    }
    let sql = "UPDATE token SET used = ?2 WHERE id = ?1";
    connection.prepare_cached(sql)?.execute(params![token.0.get(), now]).map(drop)
}

/// Removes all tokens and the invitation of an account; whether there was any token.
pub(super) fn revoke_all(connection: &Connection, account: AccountId) -> Result<bool> {
    uninvite(connection, account)?;
    let sql = "DELETE FROM token WHERE account = ?1";
    Ok(connection.prepare_cached(sql)?.execute([account.0.get()])? > 0)
}

/// Keeps an invitation; it ends an earlier one.
pub(super) fn invite(
    connection: &Connection,
    account: AccountId,
    code: Digest,
    ends: i64,
) -> Result<()> {
    let sql = "INSERT OR REPLACE INTO invitation (account, digest, ends) VALUES (?1, ?2, ?3)";
    let values = params![account.0.get(), code.as_bytes(), ends];
    connection.prepare_cached(sql)?.execute(values).map(drop)
}

/// Whether an account has an invitation of that code that still holds.
pub(super) fn is_invited(
    connection: &Connection,
    account: AccountId,
    code: Digest,
    now: i64,
) -> Result<bool> {
    let sql = "SELECT digest FROM invitation WHERE account = ?1 AND ends > ?2";
    let values = params![account.0.get(), now];
    let kept = connection.prepare_cached(sql)?.query_row(values, |row| digest(row, 0));
    let kept = kept.optional()?;
    Ok(kept == Some(code))
}

pub(super) fn uninvite(connection: &Connection, account: AccountId) -> Result<()> {
    let sql = "DELETE FROM invitation WHERE account = ?1";
    connection.prepare_cached(sql)?.execute([account.0.get()]).map(drop)
}
