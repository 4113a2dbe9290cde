using ArtifactSync.Archive;
using ArtifactSync.Model;
using ArtifactSync.Retention;
using ArtifactSync.Sync;
using ArtifactSync.Tests.Conformance;
using ArtifactSync.Tests.Doubles;
using ArtifactSync.Transport;
using ArtifactSync.Transport.S3;
using ArtifactSync.Wire;

namespace ArtifactSync.Tests.Retention;

/// <summary>The matrix of damage and a collection, in a bucket of a real gateway, over TLS as healing there asks for.</summary>
[Trait("Category", "Retention")]
[Collection(S3Gateway.Collection)]
[Needs(typeof(S3Gateway))]
public sealed class BucketRetentionTests(S3Gateway gateway) : IDisposable
{
    private readonly TempFolder _root = new();
    private readonly string _target = gateway.NewTarget();

    public void Dispose() => _root.Dispose();

    [ContractTheory]
    [InlineData(ArtifactKind.Segments, "flipped")]
    [InlineData(ArtifactKind.Segments, "short")]
    [InlineData(ArtifactKind.Segments, "missing")]
    [InlineData(ArtifactKind.Manifests, "flipped")]
    [InlineData(ArtifactKind.Manifests, "short")]
    [InlineData(ArtifactKind.Manifests, "missing")]
    [InlineData(ArtifactKind.Checkpoints, "flipped")]
    [InlineData(ArtifactKind.Checkpoints, "short")]
    public async Task Bucket_Damaged_IsFoundAndHealedFromTheLocalStore(ArtifactKind kind, string how)
    {
        var keeper = await FilledAsync();
        var live = Keeper.LiveOf(keeper.Store).Select(path => Keeper.Parse(path)!).Single(artifact => artifact.Kind == kind);
        await DamageAsync(live, Path.Combine(keeper.Store, live.Path), how);

        var findings = await VerifyAsync(keeper);
        Assert.Contains(findings, finding => finding.Name == live.Name && finding.Target == _target);
        var done = await RepairAsync(keeper, findings);

        Assert.All(done, item => Assert.Equal(FindingAction.Republished, item.Action));
        Assert.Empty(await VerifyAsync(keeper));
    }

    [ContractFact]
    public async Task Bucket_StrayKeyAndDuplicate_AreToldAndLeft()
    {
        var keeper = await FilledAsync();
        var segment = Keeper.LiveOf(keeper.Store).Select(path => Keeper.Parse(path)!).Single(artifact => artifact.Kind == ArtifactKind.Segments);
        await PutAsync(ArtifactName.Segment(keeper.Origin, new string('0', 64)).Path, File.ReadAllBytes(Path.Combine(keeper.Store, segment.Path)));
        await PutAsync($"{keeper.Origin}/segments/notes.txt", [1]);
        var findings = await VerifyAsync(keeper);
        Assert.Equal([ArtifactProblem.Damaged, ArtifactProblem.Stray], findings.Select(finding => finding.Problem).Order());
        Assert.All(await RepairAsync(keeper, findings), item => Assert.Equal(FindingAction.Left, item.Action));
    }

    [ContractFact]
    public async Task Bucket_Collected_HasExactlyWhatIsLive()
    {
        var keeper = await FilledAsync();
        keeper.Clock.Advance(TimeSpan.FromDays(8));
        var planned = new List<string>();
        var removed = new List<string>();
        foreach (var (whatIf, names) in ((bool, List<string>)[])[(true, planned), (false, removed)])
        {
            using var archive = ArchiveDatabase.Open(keeper.Machine.Options, whatIf ? ArchiveMode.ReadOnly : ArchiveMode.ReadWrite);
            var run = await new CollectRunner(archive, new CollectRequest { Targets = [_target], WhatIf = whatIf }, _ => Open(whatIf), stale =>
            {
                names.Add($"{stale.Target} {stale.Name}");
                return ValueTask.CompletedTask;
            }, NullObserver.Instance).RunAsync(default);
            Assert.True(run.Status is RunStatus.Planned or RunStatus.Succeeded, $"{run.Status} {run.ErrorMessage}");
        }
        Assert.Equal(6, removed.Count);
        Assert.Equal(planned, removed);
        await using var transport = Open(false);
        var there = new List<string>();
        foreach (var kind in Enum.GetValues<ArtifactKind>())
        {
            await foreach (var entry in transport.ListAsync(keeper.Origin, kind, startAfter: null, static (_, _) => { }, default))
            {
                there.Add(entry.Artifact.Path);
            }
        }
        Assert.Equal(Keeper.LiveOf(keeper.Store), there.Order(StringComparer.Ordinal));
    }

    /// <summary>Both versions of a session lie in the local store and in the bucket.</summary>
    private async Task<Keeper> FilledAsync()
    {
        var keeper = new Keeper(_root["own"], "own-3d4e5f");
        keeper.PublishTwice(_root["share"]);
        await using var transport = Open(false);
        foreach (var path in keeper.Files())
        {
            await using var wire = File.OpenRead(Path.Combine(keeper.Store, path));
            await transport.PutAsync(Keeper.Parse(path)!, wire, wire.Length, default);
        }
        Assert.Empty(await transport.FlushAsync(default));
        return keeper;
    }

    private ITransport Open(bool dryRun)
    {
        var bucket = new S3Transport(_target, gateway.Options(gateway.Access(secure: true)), gateway.Trusting());
        return dryRun ? new DryRunTransport(bucket) : bucket;
    }

    private async Task<List<ArtifactFinding>> VerifyAsync(Keeper keeper)
    {
        var found = new List<ArtifactFinding>();
        using var archive = ArchiveDatabase.Open(keeper.Machine.Options, ArchiveMode.ReadWrite);
        await new VerifyRunner(archive, new VerifyRequest { Target = _target }, _ => Open(true), Keep(found), NullObserver.Instance).RunAsync(default);
        return found;
    }

    private async Task<List<ArtifactFinding>> RepairAsync(Keeper keeper, List<ArtifactFinding> findings)
    {
        var done = new List<ArtifactFinding>();
        using var archive = ArchiveDatabase.Open(keeper.Machine.Options, ArchiveMode.ReadWrite);
        await new RepairRunner(archive, new RepairRequest { Findings = findings }, _ => Open(false), Keep(done), NullObserver.Instance).RunAsync(default);
        return done;
    }

    private async Task DamageAsync(ArtifactRef artifact, string good, string how)
    {
        if (how == "missing")
        {
            await using var transport = Open(false);
            await transport.RemoveAsync(artifact, default);
            return;
        }
        var copy = _root["copy"];
        File.Copy(good, copy, overwrite: true);
        Damage.Do(how, copy);
        await PutAsync(artifact.Path, File.ReadAllBytes(copy));
    }

    private async Task PutAsync(string path, byte[] bytes)
    {
        using var client = gateway.Client();
        var prefix = _target[$"s3://{S3Gateway.Bucket}/".Length..];
        using var stream = new MemoryStream(bytes);
        await client.PutObjectAsync(new Amazon.S3.Model.PutObjectRequest { BucketName = S3Gateway.Bucket, Key = $"{prefix}/{path}", InputStream = stream, UseChunkEncoding = false });
    }

    private static Func<ArtifactFinding, ValueTask> Keep(List<ArtifactFinding> list) => item =>
    {
        list.Add(item);
        return ValueTask.CompletedTask;
    };
}
