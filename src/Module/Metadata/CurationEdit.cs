using ArtifactSync.Errors;
using ArtifactSync.Wire;

namespace ArtifactSync.Metadata;

/// <summary>One edit that a user asks for. Sessions go by the id that the archive shows.</summary>
public sealed record CurationEdit
{
    private CurationEdit(string sessionId, string op) => (SessionId, Op) = (sessionId, op);

    public string SessionId { get; }

    /// <summary>One of <see cref="EventOp"/>, or <see cref="RemoveHere"/>.</summary>
    public string Op { get; }

    /// <summary>The title or the note; null clears.</summary>
    public string? Text { get; private init; }

    /// <summary>The message of a pin.</summary>
    public long Ordinal { get; private init; }

    /// <summary>Removal from this archive alone: no event.</summary>
    internal const string RemoveHere = "remove_here";

    /// <summary>Whether the session is gone afterwards.</summary>
    public bool IsRemoval => Op is EventOp.Purge or RemoveHere;

    /// <summary>The edit as a user would say it: <c>Set display name to 'Release'</c>.</summary>
    public string Description => Op switch
    {
        EventOp.Rename => Text is null ? "Clear display name" : $"Set display name to '{Shortened(Text)}'",
        EventOp.Star => "Star",
        EventOp.Unstar => "Remove star",
        EventOp.SoftDelete => "Move to trash",
        EventOp.Restore => "Restore from trash",
        EventOp.Pin => Text is null ? $"Pin message {Ordinal}" : $"Pin message {Ordinal} with note '{Shortened(Text)}'",
        EventOp.Unpin => $"Unpin message {Ordinal}",
        EventOp.Purge => "Remove from every machine for good",
        _ => "Remove from this archive for good",
    };

    /// <param name="sessionId">The session.</param>
    /// <param name="name">The title; null or empty clears it, blanks are a title.</param>
    public static CurationEdit SetDisplayName(string sessionId, string? name) =>
        new(sessionId, EventOp.Rename) { Text = string.IsNullOrEmpty(name) ? null : name };

    public static CurationEdit SetStarred(string sessionId, bool starred) => new(sessionId, starred ? EventOp.Star : EventOp.Unstar);

    public static CurationEdit SetTrashed(string sessionId, bool trashed) => new(sessionId, trashed ? EventOp.SoftDelete : EventOp.Restore);

    /// <summary>A pin that is there keeps its note, whatever <see cref="Text"/> says.</summary>
    public bool KeepsNote { get; private init; }

    /// <summary>Pins a message or replaces the note of its pin.</summary>
    public static CurationEdit AddPin(string sessionId, long ordinal, string? note) =>
        new(sessionId, EventOp.Pin) { Ordinal = ordinal, Text = note };

    /// <summary>Pins a message without a note; a pin that is there stays as it is.</summary>
    public static CurationEdit AddPin(string sessionId, long ordinal) => new(sessionId, EventOp.Pin) { Ordinal = ordinal, KeepsNote = true };

    public static CurationEdit RemovePin(string sessionId, long ordinal) => new(sessionId, EventOp.Unpin) { Ordinal = ordinal };

    /// <summary>Removes the session from every machine, for good; trashes it first where needed.</summary>
    public static CurationEdit Purge(string sessionId) => new(sessionId, EventOp.Purge);

    /// <summary>Removes the session from this archive and never imports it again; other machines keep it.</summary>
    public static CurationEdit Remove(string sessionId) => new(sessionId, RemoveHere);

    private static string Shortened(string text) => text.Length <= 60 ? text : text[..60] + "…";
}

/// <summary>What became of one edit.</summary>
/// <param name="Edit">The edit.</param>
/// <param name="Changed">False when the archive already was so: nothing was recorded.</param>
/// <param name="Error">Why it was refused; the other edits of the batch were done.</param>
public sealed record EditResult(CurationEdit Edit, bool Changed, ArtifactSyncException? Error = null);
