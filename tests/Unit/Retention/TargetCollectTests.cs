using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Model;
using ArtifactSync.Sync;
using ArtifactSync.Tests.Doubles;
using ArtifactSync.Transport;
using ArtifactSync.Wire;

namespace ArtifactSync.Tests.Retention;

/// <summary>Garbage collection of targets, asked for and automatic.</summary>
[Trait("Category", "Retention")]
public sealed class TargetCollectTests : IDisposable
{
    private static readonly TimeSpan s_week = TimeSpan.FromDays(7);
    private readonly TempFolder _root = new();
    private readonly Keeper _author;
    private readonly Keeper _reader;

    public TargetCollectTests() =>
        (_author, _reader) = (new Keeper(_root["author"], "author-0a1b2c"), new Keeper(_root["reader"], "reader-3d4e5f"));

    private string Share => _root["share"];

    public void Dispose() => _root.Dispose();

    [Fact]
    public void Collect_WithTarget_BothSidesLoseTheSameAndNothingComesBack()
    {
        _author.PublishTwice(Share);
        var (run, stale) = _author.Collect(TimeSpan.Zero, Share);
        Assert.Equal(3, stale.Count(item => item.Target == Share));
        Assert.Equal(stale.Where(item => item.Target is null).Select(item => item.Name).Order(), stale.Where(item => item.Target is not null).Select(item => item.Name).Order());
        Assert.Equal(2, run.Entities.Count(entity => entity is { Stage: "collect", Status: EntityStatus.Ok }));
        Assert.Equal(Keeper.LiveOf(Share), Keeper.FilesOf(Share));

        var after = _author.Exchange(Share);
        Assert.Equal((0, 0), (after.Counters.Sent, after.Counters.Received));
        Assert.Equal(Keeper.LiveOf(_author.Store), _author.Files());
    }

    [Fact]
    public void Collect_LocalStoreAlone_TheTargetBringsItBackAndNothingIsImportedAgain()
    {
        _author.PublishTwice(Share);
        _reader.Exchange(Share);
        Assert.Equal(3, _reader.Collect(TimeSpan.Zero).Stale.Count);
        var again = _reader.Exchange(Share);
        Assert.Equal((3, 0), (again.Counters.Received, again.Counters.ImportedSessions));
        Assert.Empty(_reader.Collect(s_week).Stale); // with a new time
    }

    [Fact]
    public void Collect_ForeignOriginsAtATarget_GoByItsOwnNewestCheckpoint()
    {
        _author.PublishTwice(Share);
        // The reader has seen nothing of it.
        _reader.Machine.Write("r", "mine");
        var other = _root["elsewhere"];
        _reader.Exchange(other);
        var stale = _reader.Collect(TimeSpan.Zero, Share).Stale;
        Assert.Equal(3, stale.Count);
        Assert.All(stale, item => Assert.Equal((_author.Origin, Share), (item.Origin, item.Target)));
        Assert.Equal(Keeper.LiveOf(Share), Keeper.FilesOf(Share));
    }

    [Theory]
    [InlineData("segments", "missing")]
    [InlineData("manifests", "missing")]
    [InlineData("manifests", "flipped")]
    [InlineData("segments", "flipped")]
    [InlineData("checkpoints", "flipped")]
    [InlineData("checkpoints", "short")]
    public void Collect_ClosureAtTheTargetIsDamaged_NothingGoesThere(string kind, string how)
    {
        _author.PublishTwice(Share);
        Damage.Do(how, Path.Combine(Share, Keeper.LiveOf(Share).Single(path => path.Contains($"/{kind}/", StringComparison.Ordinal))));
        _reader.Machine.Write("r", "mine");
        _reader.Exchange(_root["elsewhere"]);
        var before = Keeper.FilesOf(Share);
        var (run, stale) = _reader.Collect(TimeSpan.Zero, Share);
        Assert.Empty(stale);
        Assert.Equal(before, Keeper.FilesOf(Share));
        Assert.True(run.Counters.SkippedOrigins > 0);
    }

    [Fact]
    public void Collect_TargetIsBehind_WhatTheLocalStoreNeedsStays()
    {
        _author.Machine.Write("s", "first");
        _author.Exchange(Share);
        _author.Machine.Write("s", "second");
        _author.Exchange(Share);
        _author.Machine.Write("s", "first");
        _author.Exchange(_root["elsewhere"]); // the third checkpoint refers to the first version again, and is not in the share yet

        _author.Collect(TimeSpan.Zero, Share);

        Assert.Equal(RunStatus.Succeeded, _author.Exchange(Share).Status);
        _reader.Exchange(Share);
        Assert.Equal("0:first", _reader.Machine.Content()[$"{_author.Origin}~s"]);
    }

    [Fact]
    public void Collect_ClockOfTheServerIsBehind_AFewMinutesAreAllowedFor()
    {
        _author.PublishTwice(Share);
        foreach (var file in Keeper.FilesOf(Share))
        {
            File.SetLastWriteTimeUtc(Path.Combine(Share, file), _author.Clock.Now.UtcDateTime - s_week - TimeSpan.FromMinutes(3));
        }
        Assert.DoesNotContain(_author.Collect(s_week, Share).Stale, item => item.Target is not null);
        _author.Clock.Advance(TimeSpan.FromMinutes(3));
        Assert.Equal(3, _author.Collect(s_week, Share).Stale.Count(item => item.Target is not null));
    }

    [Fact]
    public void Collect_MarkedFolder_LosesNothing()
    {
        _author.PublishTwice(Share);
        File.WriteAllText(Path.Combine(Share, FolderTransport.ReleasedMarker), "{}");
        var before = Keeper.FilesOf(Share);
        var run = _author.Collect(TimeSpan.Zero, Share).Run;
        Assert.Equal(before, Keeper.FilesOf(Share));
        Assert.NotEqual(RunStatus.Failed, run.Status);
        _author.Machine.Write("s", "third");
        _author.Exchange(Share, collect: true, TimeSpan.Zero);
        Assert.Subset(Keeper.FilesOf(Share).ToHashSet(), before.ToHashSet());
    }

    [Fact]
    public async Task Collect_StoreThatListsItsTimes_IsCollectedWithItsPlan()
    {
        _author.PublishTwice(Share);
        await using var bucket = new MemoryTransport("bucket", _author.Clock) { Traits = new TransportTraits { CanRemove = true, OrderedListing = true } };
        foreach (var file in Keeper.FilesOf(Share))
        {
            await using var wire = File.OpenRead(Path.Combine(Share, file));
            await bucket.PutAsync(Keeper.Parse(file)!, wire, wire.Length, default);
        }
        await bucket.FlushAsync(default);
        using var archive = ArchiveDatabase.Open(_author.Machine.Options, ArchiveMode.ReadWrite);
        var stale = new List<StaleArtifact>();
        var run = await new ArtifactSync.Retention.CollectRunner(
            archive, new CollectRequest { GracePeriod = TimeSpan.Zero, Targets = ["s3://bucket"] }, _ => bucket, item =>
            {
                stale.Add(item);
                return ValueTask.CompletedTask;
            }, NullObserver.Instance).RunAsync(default);
        Assert.Equal(RunStatus.Succeeded, run.Status);
        Assert.Equal(3, stale.Count(item => item.Target == "bucket"));
        Assert.Equal(Keeper.LiveOf(Share).Order(), bucket.Artifacts.Keys.Select(artifact => artifact.Path).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Exchange_GarbageOlderThanAWeek_GoesByItselfFromStoreAndFolder()
    {
        _author.PublishTwice(Share);
        SetBack(Share, _author.Store);
        var run = _author.Exchange(Share, collect: true);
        Assert.Equal(RunStatus.Succeeded, run.Status);
        Assert.Equal(6, run.Counters.Collected);
        Assert.Equal(Keeper.LiveOf(Share), Keeper.FilesOf(Share));
        Assert.Equal(Keeper.LiveOf(_author.Store), _author.Files());
    }

    [Fact]
    public void Exchange_NothingBecameStale_LooksAtNothing()
    {
        _author.PublishTwice(Share);
        Assert.True(_author.Exchange(Share, collect: true).Counters.Scanned > 0);
        Assert.Equal(0, _author.Exchange(Share, collect: true).Counters.Scanned);
        _author.Clock.Advance(TimeSpan.FromDays(8));
        var run = _author.Exchange(Share, collect: true);
        Assert.Equal(6, run.Counters.Collected);
        Assert.Equal(0, _author.Exchange(Share, collect: true).Counters.Scanned);
    }

    [Fact]
    public void Exchange_TimesWereSetBackAfterItLooked_AreNoticed()
    {
        _author.PublishTwice(Share);
        _author.Exchange(Share, collect: true);
        SetBack(Share, _author.Store);
        Assert.Equal(6, _author.Exchange(Share, collect: true).Counters.Collected);
    }

    [Fact]
    public void Exchange_NoCollectOrAnotherGrace_IsObeyed()
    {
        _author.PublishTwice(Share);
        Assert.Equal(0, _author.Exchange(Share, collect: false, TimeSpan.Zero).Counters.Collected);
        Assert.Equal(0, _author.Exchange(Share, collect: true, TimeSpan.FromHours(1)).Counters.Collected);
        Assert.Equal(6, _author.Exchange(Share, collect: true, TimeSpan.Zero).Counters.Collected);
    }

    [MountFact]
    public void Exchange_FolderThatLetsNothingBeRemoved_SucceedsAndSaysSo()
    {
        _author.PublishTwice(Share);
        SetBack(Share, _author.Store);
        using var mount = Mount.Bind(Share, _root.CreateDirectory("mounted"));
        _author.Exchange(_root["mounted"]); // everything is there
        mount.MakeReadOnly();

        var run = _author.Exchange(_root["mounted"], collect: true);

        Assert.Equal(RunStatus.Succeeded, run.Status);
        var told = Assert.Single(run.Entities, entity => entity.Status == EntityStatus.Skipped);
        Assert.Equal((nameof(ErrorCode.TargetReadOnly), "collect"), (told.ErrorCode, told.Stage));
        Assert.Equal(6, Keeper.FilesOf(Share).Length);
    }

    [Fact]
    public void Exchange_BeganBeforeACollection_DoesNotPromiseThatNothingIsLacking()
    {
        // Times of directories are only believed once they have rested.
        var (author, reader) = (new Keeper(_root["a"], _author.Origin, TimeSpan.FromHours(3)), new Keeper(_root["r"], _reader.Origin, TimeSpan.FromHours(3)));
        author.PublishTwice(Share);
        reader.Exchange(Share);
        var collected = false;
        var racing = new Keeper(reader.Folder, reader.Origin, TimeSpan.FromHours(3), step =>
        {
            if (step == "phase:push" && !collected)
            {
                collected = true;
                RemoveStale(reader);
            }
        });
        racing.Exchange(Share);
        Assert.True(collected);
        Assert.Equal(3, reader.Exchange(Share).Counters.Received);
    }

    /// <summary>Ten days, of everything in these folders.</summary>
    private static void SetBack(params string[] folders)
    {
        foreach (var folder in folders)
        {
            foreach (var file in Keeper.FilesOf(folder))
            {
                File.SetLastWriteTimeUtc(Path.Combine(folder, file), DateTime.UtcNow.AddDays(-10));
            }
        }
    }

    /// <summary>A collection by another process, whatever runs are under way.</summary>
    private static void RemoveStale(Keeper keeper)
    {
        var live = Keeper.LiveOf(keeper.Store);
        keeper.Machine.Transact(db =>
        {
            foreach (var path in keeper.Files().Where(path => !live.Contains(path)))
            {
                var artifact = Keeper.Parse(path)!;
                CatalogTable.Remove(db, artifact);
                TargetTable.ForgetListing(db, artifact.Origin, artifact.Kind);
                File.Delete(Path.Combine(keeper.Store, path));
            }
            RetentionTable.CountCollection(db);
        });
    }
}
