using ArtifactSync.Memory;
using ArtifactSync.Tests.Doubles;

namespace ArtifactSync.Tests.MemorySync;

/// <summary>Chunk directories and exports that are passed around, and what is asked of machines that know each other by them alone.</summary>
internal sealed partial class SimulationWorld
{
    private static IEnumerable<string> Actions =>
        [.. Edits, .. EditsThatAnExportTells, .. Cycles, .. Faults, .. Rights, .. Restarts, .. Chunks, .. Exports, "restore"];

    private readonly TempFolder _files = new();
    private readonly HashSet<string> _deletedSessions = new(StringComparer.Ordinal);
    private readonly bool _judgesByTime;

    private bool HasServer => _by.HasFlag(SettlesBy.Server);

    /// <summary>
    /// Without a server two versions of one second are a tie, in which each machine keeps its own (3.2): so each has seconds of its own
    /// there, and changes nothing that seems to come from the future.
    /// </summary>
    private void BeginSecond(MemoryMachine machine, int index)
    {
        while (!HasServer && machine.Clock.Now.ToUnixTimeSeconds() % Machines != index)
        {
            machine.Clock.Advance(TimeSpan.FromSeconds(1));
        }
    }

    private IEnumerable<Observation> Editable(MemoryMachine machine) =>
        ObservationTable.All(machine.Db).Where(row => HasServer || MemoryTime.IsLater(machine.Now, row.UpdatedAt));

    private IEnumerable<MemorySession> Endable(MemoryMachine machine) => MemorySessionTable.All(machine.Db)
        .Where(session => HasServer || session.EndedAt is null || MemoryTime.IsLater(machine.Now, session.EndedAt)); // chunks take the later end

    /// <summary>Files fill a directory and replace none (4.4): there it follows from the session.</summary>
    private string Directory(string session, int pick) => pick % 5 == 0 ? "" : HasServer ? $"/{pick % 7}" : $"/{session}";

    private string DirectoryOf(int pick) => _files[$"chunks{pick % 2}"];

    private void Exported(MemoryMachine machine, int pick)
    {
        var chunk = machine.ExportChunk(DirectoryOf(pick));
        Assert.True(chunk.ErrorMessage is null, chunk.ErrorMessage);
    }

    private void Write(MemoryMachine machine, string id, Action<string> write)
    {
        write(id);
        _writes.Note(machine, id);
    }

    private void SettleByFiles()
    {
        for (var round = 0; round < 3; round++)
        {
            foreach (var machine in _machines)
            {
                for (var directory = 0; directory < 2 && _by.HasFlag(SettlesBy.Chunks); directory++)
                {
                    Exported(machine, directory);
                }

                if (_by.HasFlag(SettlesBy.Exports))
                {
                    machine.ExportJson(_files["all.json"]);
                    Array.ForEach(_machines, other => other.ImportJson(_files["all.json"]));
                }
            }
        }
    }

    private void AssertExportsStop()
    {
        foreach (var machine in _by.HasFlag(SettlesBy.Chunks) ? _machines : [])
        {
            for (var directory = 0; directory < 2; directory++)
            {
                Assert.Equal("Unchanged", machine.ExportChunk(DirectoryOf(directory)).Status);
            }
        }
    }

    /// <summary>
    /// What has to be equal. Without a server the end of a session that was deleted somewhere and came back with an older chunk may stay
    /// older there (7.6); exports only fill sessions.
    /// </summary>
    private SortedDictionary<string, string> Agreed(MemoryMachine machine)
    {
        var content = machine.Content();
        foreach (var session in HasServer ? [] : MemorySessionTable.All(machine.Db).Where(session => _deletedSessions.Contains(session.Id)))
        {
            content[$"session {session.Id}"] = session.Project;
        }

        return content;
    }
}

/// <summary>The latest own version of each observation, to see by time that none was lost and none that was deleted for good is back.</summary>
internal sealed class LastWrites
{
    private readonly Dictionary<string, (string Time, bool IsGone)> _latest = new(StringComparer.Ordinal);

    /// <summary>After a machine wrote: the row as it stands there, or the version of its delete.</summary>
    public void Note(MemoryMachine machine, string id)
    {
        var row = ObservationTable.Find(machine.Db, id);
        var time = row?.UpdatedAt ?? VersionTable.Find(machine.Db, Entity.Observation, id)?.Time;
        if (time is not null && (!_latest.TryGetValue(id, out var known) || !MemoryTime.IsLater(known.Time, time)))
        {
            _latest[id] = (time, row is null);
        }
    }

    /// <summary>Versions of one second may go either way.</summary>
    public void AssertKept(MemoryMachine machine)
    {
        foreach (var (id, (time, isGone)) in _latest)
        {
            var row = ObservationTable.Find(machine.Db, id);
            var version = row?.UpdatedAt ?? VersionTable.Find(machine.Db, Entity.Observation, id)?.Time;
            var isUnheardOf = version is null && isGone; // deleted for good before anybody else saw it
            Assert.True(isUnheardOf || (version is not null && !MemoryTime.IsLater(time, version)), $"{machine.Name} holds '{id}' of {version ?? "never"}, written at {time}");
            Assert.True(row is null || !isGone || row.UpdatedAt == time || MemoryTime.IsLater(row.UpdatedAt, time), $"'{id}' is back on {machine.Name}");
        }
    }
}
