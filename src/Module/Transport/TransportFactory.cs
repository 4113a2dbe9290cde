using ArtifactSync.Errors;
using ArtifactSync.Sync;
using ArtifactSync.Transport.S3;

namespace ArtifactSync.Transport;

/// <summary>What opening a target needs to know besides its name.</summary>
internal sealed record TransportOptions
{
    /// <summary>Full path of the archive folder; no target may overlap it.</summary>
    public required string ArchiveFolder { get; init; }
    public TimeProvider Clock { get; init; } = TimeProvider.System;
    /// <summary>For the pauses between attempts.</summary>
    public Random Random { get; init; } = Random.Shared;
    /// <summary>How the target is reached: what the user gave for this call.</summary>
    public TargetAccess Access { get; init; } = TargetAccess.None;
    /// <summary>Parallel requests (1-64).</summary>
    public int ThrottleLimit { get; init; } = 8;
    /// <summary>Is told of decisions and requests, never of headers, queries or secrets.</summary>
    public IRunObserver Observer { get; init; } = NullObserver.Instance;
    /// <summary>What is known of stores from earlier.</summary>
    public IStoreMemory Stores { get; init; } = NoMemory.Instance;
    /// <summary>Reads a variable of the environment.</summary>
    public Func<string, string?> ReadEnvironment { get; init; } = Environment.GetEnvironmentVariable;
    /// <summary>Nothing is created or written: puts are only counted.</summary>
    public bool DryRun { get; init; }
    /// <summary>Called at named steps (<c>target:staged</c>, <c>:synced</c>, <c>:named</c>, <c>:published</c>), for tests that kill there.</summary>
    public Action<string>? Step { get; init; }
}

/// <summary>Opens what the user names as a target: one line a scheme.</summary>
internal static class TransportFactory
{
    private static readonly Dictionary<string, Func<string, TransportOptions, ITransport>> Schemes = new(StringComparer.OrdinalIgnoreCase)
    {
        ["s3"] = static (target, options) => Decorate(new S3Transport(target, options), options),
        ["http"] = NotYet,
        ["https"] = NotYet,
        ["engram+http"] = NotYet,
        ["engram+https"] = NotYet,
    };

    /// <summary>Refuses a target that can't be one, before anything is created or recorded.</summary>
    /// <exception cref="ArtifactSyncException">As <see cref="Open"/>.</exception>
    public static void Check(string target, TransportOptions options)
    {
        if (!string.IsNullOrWhiteSpace(target) && TargetPath.IsFolder(target))
        {
            TargetPath.RequireFolder(target, options.ArchiveFolder, create: false);
            return;
        }

        Open(target, options).DisposeAsync().AsTask().GetAwaiter().GetResult();
    }

    /// <param name="target">Full path of a folder, or a URL.</param>
    /// <exception cref="ArtifactSyncException">InvalidTarget and what <see cref="TargetPath.RequireFolder"/> throws.</exception>
    public static ITransport Open(string target, TransportOptions options)
    {
        if (string.IsNullOrWhiteSpace(target))
        {
            throw new ArtifactSyncException(ErrorCode.InvalidTarget, "The target is empty. Name a folder or a URL.", target);
        }

        var transport = TargetPath.IsFolder(target) ? OpenFolder(target, options) : OpenUrl(target, options);
        return options.DryRun ? new DryRunTransport(transport) : transport;
    }

    /// <summary>What every target beyond a network gets: a bound on parallel calls, repetition, a line a call.</summary>
    internal static ITransport Decorate(ITransport transport, TransportOptions options) => new LoggingTransport(
        new RetryTransport(new ThrottleTransport(transport, options.ThrottleLimit), options.Clock, options.Random, options.Observer),
        options.Observer, options.Clock);

    private static FolderTransport OpenFolder(string target, TransportOptions options) =>
        new(TargetPath.RequireFolder(target, options.ArchiveFolder, create: !options.DryRun), options.Clock, step: options.Step);

    private static ITransport OpenUrl(string target, TransportOptions options)
    {
        var end = target.IndexOf("://", StringComparison.Ordinal);
        return end > 0 && Schemes.TryGetValue(target[..end], out var open)
            ? open(target, options)
            : throw new ArtifactSyncException(
                ErrorCode.InvalidTarget,
                end > 0 ? $"Targets of the scheme '{target[..end]}' are not supported. Name a folder." : "A host with a port is no target. Name a folder or a full URL.",
                end > 0 ? target[..end] : target); // what follows the scheme may hold a secret
    }

    private static ITransport NotYet(string target, TransportOptions options) => throw new ArtifactSyncException(
        ErrorCode.InvalidTarget, $"'{target[..target.IndexOf(':', StringComparison.Ordinal)]}' targets are not supported yet by this version. Name a folder.",
        target[..target.IndexOf(':', StringComparison.Ordinal)]);
}
