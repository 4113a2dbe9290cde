using System.Collections;
using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace ArtifactSync.Cmdlets.Peers;

/// <summary>Numbers of the listeners of this process.</summary>
public sealed class ListenerIdCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        from listener in PeerListeners.All
        let id = listener.ListenerId.ToString(CultureInfo.InvariantCulture)
        where id.StartsWith(wordToComplete ?? "", StringComparison.Ordinal)
        select new CompletionResult(id, id, CompletionResultType.ParameterValue, $"{listener.Uri} {listener.ArchivePath}");
}
