using ArtifactSync.Cmdlets.Pipeline;
using ArtifactSync.Errors;
using ArtifactSync.Sync;

namespace ArtifactSync.Cmdlets;

/// <summary>One exchange a target.</summary>
public sealed partial class InvokeArtifactSyncCommand
{
    private readonly List<string> _targets = [];

    /// <summary>Target after target as they come; with a token only when all are known, since one server alone may see it.</summary>
    private void Exchange()
    {
        if (Token is null)
            Exchange(Target, alone: !MyInvocation.ExpectingInput && Target.Length == 1);
        else
            _targets.AddRange(Target);
    }

    private void ExchangeGathered()
    {
        RequireOneServer(_targets);
        Exchange(_targets, alone: !MyInvocation.ExpectingInput && _targets.Count == 1);
    }

    private void Exchange(IReadOnlyList<string> targets, bool alone)
    {
        foreach (var target in targets)
        {
            var resolved = Guard(alone, () => Request(target));
            if (resolved is not null)
                RunOne(alone, resolved.Target, PreflightOnly ? "Compare" : "Exchange", Do);

            Task<Model.SyncRun> Do(SyncEngine engine, Decision decision, PipelineSink sink, CancellationToken token) => decision == Decision.Plan
                ? engine.PlanExchangeAsync(resolved, sink, token)
                : engine.ExchangeAsync(resolved, sink, token);
        }
    }

    /// <summary>A token is for one server; which of several it is for, nobody said.</summary>
    private void RequireOneServer(IEnumerable<string> addresses)
    {
        string[] servers = [.. addresses.Select(Server).OfType<string>().Distinct(StringComparer.OrdinalIgnoreCase)];
        if (Token is not null && servers.Length > 1)
        {
            ThrowTerminatingError(ErrorMapping.ToRecord(new ArtifactSyncException(
                ErrorCode.AmbiguousCredential,
                $"-Token would go to {servers.Length} servers: {string.Join(", ", servers)}. Run one command for each server that needs a token of its own.",
                servers[1])));
        }
    }

    /// <summary>Scheme, host and port of what a token is sent to; null = of a folder or bucket.</summary>
    private static string? Server(string target)
    {
        const string memory = "engram+";
        var address = target.Trim();
        address = address.StartsWith(memory, StringComparison.OrdinalIgnoreCase) ? address[memory.Length..] : address;
        return Uri.TryCreate(address, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"
            ? uri.GetComponents(UriComponents.Scheme | UriComponents.HostAndPort, UriFormat.UriEscaped)
            : null;
    }
}
