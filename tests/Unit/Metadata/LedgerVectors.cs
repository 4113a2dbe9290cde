using System.Text.Json;
using ArtifactSync.Metadata;
using ArtifactSync.Wire;

namespace ArtifactSync.Tests.Metadata;

/// <summary>What the vectors of registers and of passes have in common.</summary>
internal static class LedgerVectors
{
    public static (long Ordinal, string SourceUuid)[] Messages(JsonElement scenario) =>
        [.. scenario.GetProperty("messages").EnumerateArray()
            .Select(static m => (m.GetProperty("ordinal").GetInt64(), m.Text("source_uuid") ?? ""))];

    /// <summary>Checks what a session looks like; tells whether its pins and its time of deletion are the recorded ones.</summary>
    public static (bool Pins, bool DeletedAt) AssertVisible(LedgerMachine machine, JsonElement visible)
    {
        string id = Gid.ToLocal(machine.Origin, visible.Text("session_gid")!);
        CuratedSession? session = LedgerRows.Session(machine.Db, id);
        Assert.Equal(visible.GetProperty("excluded").GetBoolean(), CurationTable.IsExcluded(machine.Db, id));
        Assert.Equal(visible.GetProperty("exists").GetBoolean(), session is not null);
        if (session is null)
        {
            return (true, true);
        }

        Assert.Equal(visible.Text("display_name"), session.DisplayName);
        Assert.Equal(visible.GetProperty("starred").GetBoolean(), CurationTable.IsStarred(machine.Db, id));
        Assert.Equal(visible.Text("deleted_at") is null, session.DeletedAt is null);
        IEnumerable<string> pins = visible.GetProperty("pins").EnumerateArray().Select(static p => $"{p.GetProperty("ordinal")} {Note(p)}");
        return (pins.SequenceEqual(LedgerRows.Pins(machine.Db, id)), visible.Text("deleted_at") == session.DeletedAt);
    }

    private static string Note(JsonElement pin) => pin.Text("note") is { } note ? $"'{note}'" : "NULL";
}
