using ArtifactSync.Errors;
using ArtifactSync.Store;
using ArtifactSync.Tests.Doubles;
using ArtifactSync.Transport;
using ArtifactSync.Wire;

namespace ArtifactSync.Tests.Transport;

/// <summary>Full disks, missing rights, and a fault at every single step.</summary>
public sealed class FolderFaultTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private FolderTransport Open(FolderIO? io = null) => new(_folder.Path, TimeProvider.System, io);

    private static readonly (ArtifactRef Artifact, string Content)[] Script =
    [
        .. Enum.GetValues<ArtifactKind>().SelectMany(kind => Enumerable.Range(0, 2).Select(n =>
            (Some.Artifact(kind, $"{kind}{n}"), $"content of {kind}{n}"))),
    ];

    private static async Task RunAsync(FolderTransport transport, CancellationToken cancellationToken = default)
    {
        foreach (var kind in Script.GroupBy(item => item.Artifact.Kind))
        {
            foreach (var (artifact, content) in kind)
            {
                await transport.PutAsync(artifact, content, cancellationToken);
            }

            foreach (var put in await transport.FlushAsync(cancellationToken))
            {
                throw put.Error ?? (Exception)new InvalidOperationException(put.Artifact.Path);
            }
        }
    }

    [Theory]
    [InlineData(true, false), InlineData(false, false), InlineData(true, true), InlineData(false, true)]
    public async Task AnyStep_Fails_NothingHalfIsVisibleAndTheNextRunCompletes(bool volume, bool cancel)
    {
        var steps = await CountAsync(volume);
        Assert.True(steps > 30, $"only {steps} steps");
        for (var failing = 0; failing < steps; failing++)
        {
            using var source = new CancellationTokenSource();
            var io = new FaultyIO
            {
                Volume = volume,
                Before = (_, _, index) =>
                {
                    if (index == failing && cancel)
                    {
                        source.Cancel();
                    }
                    else if (index == failing)
                    {
                        throw FaultyIO.DiskFull();
                    }
                },
            };
            await using (var transport = Open(io))
            {
                var error = await Record.ExceptionAsync(() => RunAsync(transport, source.Token));
                Assert.True(cancel ? error is OperationCanceledException or null : error is ArtifactSyncException { Code: ErrorCode.DiskFull, Target: string });
            }

            foreach (var name in _folder.Files())
            {
                Assert.Contains(Script, item => item.Artifact.Path == name && item.Content == File.ReadAllText(_folder[name]));
            }

            await using (var transport = Open())
            {
                await RunAsync(transport);
            }

            Assert.Equal(Script.Select(item => item.Artifact.Path).Order(StringComparer.Ordinal), _folder.Files());
            Directory.Delete(_folder[Some.Origin], recursive: true);
        }
    }

    private async Task<int> CountAsync(bool volume)
    {
        var io = new FaultyIO { Volume = volume };
        await using (var transport = Open(io))
        {
            await RunAsync(transport);
        }

        Directory.Delete(_folder[Some.Origin], recursive: true);
        return io.Calls;
    }

    [MountFact]
    public async Task Put_DiskFull_SaysSoAndKeepsWhatWasThere()
    {
        using var mount = Mount.Tmpfs(_folder.Path, "size=64k");
        await using (var transport = Open())
        {
            await transport.PutAsync(Some.Segment("first"), "first");
            Assert.Empty(await transport.FlushAsync(default));

            var error = await Assert.ThrowsAsync<ArtifactSyncException>(() => transport.PutAsync(Some.Segment("big"), new string('x', 200_000)));

            Assert.Equal(ErrorCode.DiskFull, error.Code);
            Assert.StartsWith(_folder.Path, (string)error.Target!, StringComparison.Ordinal);
            Assert.Contains((string)error.Target!, error.Message, StringComparison.Ordinal);
            await transport.PutAsync(Some.Segment("small"), "small");
            Assert.Empty(await transport.FlushAsync(default));
        }

        Assert.Equal(
            new[] { Some.Segment("first").Path, Some.Segment("small").Path }.Order(StringComparer.Ordinal), _folder.Files());
    }

    [MountFact]
    public async Task Put_ReadOnlyFileSystem_TargetReadOnlyAndReadingGoesOn()
    {
        using var source = new TempFolder();
        await using (var writer = new FolderTransport(source.Path, TimeProvider.System))
        {
            await writer.PutAsync(Some.Segment("a"), "a");
            await writer.FlushAsync(default);
        }

        using var mount = Mount.Bind(source.Path, _folder.Path);
        mount.MakeReadOnly();
        await using var transport = Open();
        Assert.Equal("a", await transport.ReadAsync(Some.Segment("a")));
        var error = await Assert.ThrowsAsync<ArtifactSyncException>(() => transport.PutAsync(Some.Segment("b"), "b"));
        Assert.Equal(ErrorCode.TargetReadOnly, error.Code);
        var aside = await Assert.ThrowsAsync<ArtifactSyncException>(() => transport.SetAsideDamagedAsync(Some.Segment("a"), default));
        Assert.Equal(ErrorCode.TargetReadOnly, aside.Code);
        Assert.Equal([Some.Segment("a").Path], _folder.Files());
    }

    [MountFact]
    public async Task AnyCall_TargetUnmountedMeanwhile_NeitherReadsNorWritesWhatLiesUnderIt()
    {
        var transport = Open();
        using (Mount.Tmpfs(_folder.Path, "size=1m"))
        {
            await transport.PutAsync(Some.Segment("a"), "a");
            Assert.Empty(await transport.FlushAsync(default));
        }

        foreach (var call in new Func<Task>[]
        {
            () => transport.OriginsAsync(),
            () => transport.NamesAsync(Some.Origin, ArtifactKind.Segments),
            () => transport.GetListingTokenAsync(Some.Origin, ArtifactKind.Segments, default),
            () => transport.PutAsync(Some.Segment("b"), "b"),
        })
        {
            Assert.Equal(ErrorCode.TargetNotFound, (await Assert.ThrowsAsync<ArtifactSyncException>(call)).Code);
        }

        await transport.DisposeAsync();
        await transport.DisposeAsync();
        Assert.Empty(_folder.Files());
    }

    [MountFact]
    public async Task Flush_OriginOnAnotherVolume_IsFlushedFileByFile()
    {
        _folder.CreateDirectory(Some.Origin);
        using var mount = Mount.Tmpfs(_folder[Some.Origin], "size=1m");
        var io = new FaultyIO();
        await using (var transport = Open(io))
        {
            await RunAsync(transport);
        }

        Assert.DoesNotContain("syncvolume", io.Log);
        Assert.Equal(Script.Length, io.Log.Count(step => step == "syncfile"));
        Assert.Equal(Script.Length, _folder.Files().Length);
    }

    [PermissionFact]
    public void Put_FolderNotWritable_TargetReadOnlyAndReadingGoesOn() => WithArtifact(artifact =>
    {
        _folder.SetMode(0b101_101_101, Some.Origin, "segments");
        Privileges.RunUnprivileged(() =>
        {
            var transport = Open();
            using var wire = Wait(transport.OpenReadAsync(artifact, default));
            Assert.Equal('a', wire.ReadByte());
            Assert.Equal(ErrorCode.TargetReadOnly, Code(() => Wait(transport.PutAsync(Some.Segment("b"), "b"))));
            Assert.Equal(ErrorCode.TargetReadOnly, Code(() => Wait(transport.PutAsync(Some.Segment("b", "new-000001"), "b"))));
        });
        Assert.Equal([artifact.Path], _folder.Files());
    });

    [PermissionFact]
    public void Open_UnreadableArtifact_AccessDeniedForItAlone() => WithArtifact(artifact =>
    {
        _folder.SetMode(0, artifact.Path);
        Privileges.RunUnprivileged(() =>
        {
            var transport = Open();
            Assert.Equal([artifact.Name], Wait(transport.NamesAsync(Some.Origin, ArtifactKind.Segments)));
            Assert.Equal(ErrorCode.AccessDenied, Code(() => Wait(transport.OpenReadAsync(artifact, default))));
            Assert.Equal(PutOutcome.Exists, Wait(transport.PutAsync(artifact, "other")));
        });
    });

    [PermissionFact]
    public void List_UnreadableKind_AccessDeniedNeverAnEmptyListing() => WithArtifact(artifact =>
    {
        _folder.SetMode(0b001_001_001, Some.Origin, "segments");
        Privileges.RunUnprivileged(() =>
        {
            var transport = Open();
            Assert.Equal(ErrorCode.AccessDenied, Code(() => Wait(transport.NamesAsync(Some.Origin, ArtifactKind.Segments))));
            Assert.Empty(Wait(transport.NamesAsync(Some.Origin, ArtifactKind.Raw)));
            Assert.Equal([Some.Origin], Wait(transport.OriginsAsync()));
        });
        _folder.SetMode(0b111_101_101, Some.Origin, "segments");
    });

    [PermissionFact]
    public void List_UnsearchableOrigin_AccessDeniedNeverAnEmptyListing() => WithArtifact(artifact =>
    {
        _folder.SetMode(0, Some.Origin);
        Privileges.RunUnprivileged(() =>
        {
            var transport = Open();
            Assert.Equal(ErrorCode.AccessDenied, Code(() => Wait(transport.NamesAsync(Some.Origin, ArtifactKind.Segments))));
            Assert.Equal(ErrorCode.AccessDenied, Code(() => Wait(transport.GetListingTokenAsync(Some.Origin, ArtifactKind.Segments, default))));
            Assert.Equal(ErrorCode.AccessDenied, Code(() => Wait(transport.OpenReadAsync(artifact, default))));
        });
        _folder.SetMode(0b111_101_101, Some.Origin);
    });

    private void WithArtifact(Action<ArtifactRef> test)
    {
        var transport = Open();
        var artifact = Some.Segment("a");
        Wait(transport.PutAsync(artifact, "a"));
        Assert.Empty(Wait(transport.FlushAsync(default)));
        _folder.SetMode(0b111_101_101);
        test(artifact);
    }

    // The rights of the tests' thread are those of that thread alone, so nothing here may hop to another.
    private static T Wait<T>(Task<T> task)
    {
        Assert.True(task.IsCompleted);
        return task.GetAwaiter().GetResult();
    }

    private static ErrorCode Code(Action action) => Assert.Throws<ArtifactSyncException>(action).Code;
}
