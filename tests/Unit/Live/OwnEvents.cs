using ArtifactSync.Archive;
using ArtifactSync.Metadata;
using ArtifactSync.Store;
using ArtifactSync.Wire;

namespace ArtifactSync.Tests.Live;

/// <summary>
/// Edits that a recorded machine made itself, put in with the recorded stamps, which ours could not make anew: its clock has
/// 100 ns. What recording does after the stamp is done here as well: effect, register, marker, provenance, artifact.
/// </summary>
internal sealed class OwnEvents(Machine machine)
{
    /// <param name="decoded">The event as published.</param>
    public void Apply(byte[] decoded)
    {
        MetadataEvent document = EventDocument.Read(decoded);
        ArtifactRef artifact = ArtifactName.Meta(machine.Origin, $"{document.Hlc}-{WireFiles.Hash(decoded)}");
        RegisterEntry entry = EventInspector.Inspect(artifact, decoded, machine.Origin).Entry
            ?? throw new InvalidOperationException($"the recorded edit {artifact} is no valid event");
        using ArchiveDatabase archive = ArchiveDatabase.Open(machine.Options, ArchiveMode.Create);
        using Lease lease = archive.AcquireLease("recorded-edit", TimeSpan.Zero, CancellationToken.None);
        using WriteTransaction transaction = lease.Begin();
        var registers = new RegisterStore(transaction.Db, machine.Origin, machine.Options.Clock.GetUtcNow().ToUnixTimeMilliseconds());
        Assert.Equal(ApplyOutcome.Winner, registers.Record(entry).Outcome);
        registers.Complete();
        new LocalEventStore(new LocalStore(archive)).Publish(transaction.Db, [new StampedEvent(artifact, decoded, entry)]);
        transaction.Commit();
    }

    /// <summary>An event of which only the order key is recorded, if it is this edit; titles were all the same.</summary>
    public byte[]? Reconstruct(string orderKey, string gid, string op)
    {
        foreach (string value in (string[])["", """{"display_name":"x"}"""])
        {
            byte[] decoded = EventDocument.Encode(new MetadataEvent
            {
                Version = 1, Hlc = orderKey[..^65], Origin = machine.Origin, SessionGid = gid, Op = op, Value = value,
            });
            if (orderKey.EndsWith(WireFiles.Hash(decoded), StringComparison.Ordinal))
            {
                return decoded;
            }
        }

        return null;
    }
}
