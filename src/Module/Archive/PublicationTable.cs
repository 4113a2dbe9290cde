using ArtifactSync.Errors;
using ArtifactSync.Wire;

namespace ArtifactSync.Archive;

/// <summary>A session whose publication is out of date. Session = native id.</summary>
internal readonly record struct QueuedSession(string SessionId, long Generation);

/// <summary>What was published last (spec 6.4); null members until the first checkpoint.</summary>
internal sealed record PublicationHead(string Origin, long Revision)
{
    public long? Sequence { get; init; }
    /// <summary>The revision of the map that the checkpoint says.</summary>
    public long? PublishedRevision { get; init; }
    public string? MapSha256 { get; init; }
    public string? CheckpointSha256 { get; init; }
    public long? CheckpointSize { get; init; }
}

/// <summary>Queue, map, head and sequence floors of what this archive publishes (spec 6).</summary>
internal static class PublicationTable
{
    /// <summary>The generation of the latest change: rows up to it are the work of a run that starts now.</summary>
    public static long Generation(Database db) => db.Scalar<long>("SELECT value FROM counters WHERE name = 'publish_generation'");

    public static bool HasWork(Database db) =>
        db.Scalar<bool>("SELECT EXISTS(SELECT 1 FROM publish_queue WHERE rejected_code IS NULL)");

    /// <summary>
    /// The next sessions to publish, oldest first. Changes after <paramref name="upTo"/> are left for the next run, so a
    /// session that is edited all the time cannot hold up this one.
    /// </summary>
    public static List<QueuedSession> Claim(Database db, long upTo, int limit) =>
        [.. db.Query(
            """
            SELECT session_id, generation FROM publish_queue WHERE rejected_code IS NULL AND generation <= ?
            ORDER BY enqueued_at, session_id LIMIT ?
            """,
            static row => new QueuedSession(row.Text(0), row.Int64(1)), upTo, limit)];

    /// <summary>Takes a session off the queue, unless it changed after it was claimed. Generations never repeat.</summary>
    public static bool Acknowledge(Database db, QueuedSession session) => db.Execute(
        "DELETE FROM publish_queue WHERE session_id = ? AND generation = ?", session.SessionId, session.Generation) > 0;

    /// <summary>Keeps a session that cannot be published out of the way until it changes.</summary>
    public static bool Reject(Database db, QueuedSession session, ErrorCode code) => db.Execute(
        "UPDATE publish_queue SET rejected_code = ? WHERE session_id = ? AND generation = ?",
        code.ToString(), session.SessionId, session.Generation) > 0;

    /// <summary>Another origin was adopted: everything is published anew under it. Floors stay, they belong to their origins.</summary>
    public static void StartOver(Database db, string adopted, DateTimeOffset now)
    {
        db.Execute("DELETE FROM publications");
        db.Execute("DELETE FROM publication_head");
        EnsureHead(db, adopted);
        EnqueueAll(db, now);
    }

    /// <summary>Sessions that wait for their publication.</summary>
    public static long QueueLength(Database db) => db.Scalar<long>("SELECT count(*) FROM publish_queue WHERE rejected_code IS NULL");

    public static void Enqueue(Database db, string sessionId, DateTimeOffset now)
    {
        db.Execute("UPDATE counters SET value = value + 1 WHERE name = 'publish_generation'");
        db.Execute(
            """
            INSERT INTO publish_queue(session_id, generation, enqueued_at)
            SELECT ?, value, ? FROM counters WHERE name = 'publish_generation'
            ON CONFLICT(session_id) DO UPDATE SET generation = excluded.generation, rejected_code = NULL
            """,
            sessionId, IsoTime.Of(now));
    }

    /// <summary>Queues all own sessions, and all that were published: for a local store that was lost.</summary>
    public static void EnqueueAll(Database db, DateTimeOffset now)
    {
        db.Execute("UPDATE counters SET value = value + 1 WHERE name = 'publish_generation'");
        db.Execute(
            """
            INSERT INTO publish_queue(session_id, generation, enqueued_at)
            SELECT s.id, c.value, ? FROM (SELECT id FROM sessions WHERE own = 1 UNION SELECT session_id FROM publications) s, counters c
            WHERE c.name = 'publish_generation'
            ON CONFLICT(session_id) DO UPDATE SET generation = excluded.generation, rejected_code = NULL
            """,
            IsoTime.Of(now));
    }

    public static string? ManifestOf(Database db, string sessionId) =>
        db.Scalar<string>("SELECT manifest_sha256 FROM publications WHERE session_id = ?", sessionId);

    /// <summary>Sets the manifest of a session; true and a new revision when the map changed.</summary>
    public static bool Publish(Database db, string origin, string sessionId, string manifestSha256) => Changed(db, origin, db.Execute(
        """
        INSERT INTO publications(session_id, manifest_sha256) VALUES (?, ?)
        ON CONFLICT(session_id) DO UPDATE SET manifest_sha256 = excluded.manifest_sha256 WHERE manifest_sha256 <> excluded.manifest_sha256
        """,
        sessionId, manifestSha256));

    /// <summary>Takes a session out of the map; true and a new revision when it was there.</summary>
    public static bool Unpublish(Database db, string origin, string sessionId) =>
        Changed(db, origin, db.Execute("DELETE FROM publications WHERE session_id = ?", sessionId));

    /// <summary>The map in UTF-8 byte order of the native ids, which is that of the gids: they share their prefix.</summary>
    public static IEnumerable<KeyValuePair<string, string>> Map(Database db) => db.Query(
        "SELECT session_id, manifest_sha256 FROM publications ORDER BY session_id",
        static row => KeyValuePair.Create(row.Text(0), row.Text(1)));

    public static PublicationHead? Head(Database db) => db.First(
        "SELECT origin, revision, sequence, published_revision, map_sha256, checkpoint_sha256, checkpoint_size FROM publication_head",
        static row => new PublicationHead(row.Text(0), row.Int64(1))
        {
            Sequence = row.Int64OrNull(2),
            PublishedRevision = row.Int64OrNull(3),
            MapSha256 = row.TextOrNull(4),
            CheckpointSha256 = row.TextOrNull(5),
            CheckpointSize = row.Int64OrNull(6),
        });

    /// <summary>The row of the origin, made at its adoption.</summary>
    public static void EnsureHead(Database db, string origin) =>
        db.Execute("INSERT INTO publication_head(origin, revision) VALUES (?, 0) ON CONFLICT(origin) DO NOTHING", origin);

    /// <summary>Records a written checkpoint; false when the map has changed since the revision was read, or a higher one is recorded.</summary>
    public static bool RecordCheckpoint(Database db, PublicationHead head) => db.Execute(
        """
        UPDATE publication_head SET sequence = ?1, published_revision = revision, map_sha256 = ?2, checkpoint_sha256 = ?3,
          checkpoint_size = ?4
        WHERE origin = ?5 AND revision = ?6 AND coalesce(sequence, 0) <= ?1
        """,
        head.Sequence, head.MapSha256, head.CheckpointSha256, head.CheckpointSize, head.Origin, head.Revision) > 0;

    /// <summary>The highest number known to be used or reserved for the origin; 0 = none.</summary>
    public static long Floor(Database db, string origin) =>
        db.Scalar<long>("SELECT sequence FROM sequence_floors WHERE origin = ?", origin);

    /// <summary>Notes a number seen somewhere (store, target): no lower one will be reserved.</summary>
    public static void RaiseFloor(Database db, string origin, long sequence) => db.Execute(
        """
        INSERT INTO sequence_floors(origin, sequence) VALUES (?, ?)
        ON CONFLICT(origin) DO UPDATE SET sequence = excluded.sequence WHERE excluded.sequence > sequence
        """,
        origin, sequence);

    /// <summary>Reserves the next number. Commit it durably before anything bears it: a number is never used twice (spec 6.5).</summary>
    /// <exception cref="ArtifactSyncException">SequenceExhausted.</exception>
    public static long ReserveSequence(Database db, string origin, long largestSeen)
    {
        var next = Math.Max(Floor(db, origin), largestSeen) + 1;
        if (next > Limits.MaxSequence)
        {
            throw new ArtifactSyncException(
                ErrorCode.SequenceExhausted,
                $"Origin {origin} has used its last checkpoint number, {Limits.MaxSequence}. Adopt a new origin.",
                origin);
        }

        RaiseFloor(db, origin, next);
        return next;
    }

    private static bool Changed(Database db, string origin, int rows)
    {
        if (rows > 0)
        {
            db.Execute(
                """
                INSERT INTO publication_head(origin, revision) VALUES (?, 1)
                ON CONFLICT(origin) DO UPDATE SET revision = revision + 1
                """,
                origin);
        }

        return rows > 0;
    }
}
