using System.Security;
using ArtifactSync.Errors;
using ArtifactSync.Tracker;

namespace ArtifactSync.Cmdlets.Parameters;

/// <summary>The GitLab server and token that are meant where parameters name none.</summary>
internal static class GitLabDefaults
{
    private const string AddressVariable = "GITLAB_URL";
    private const string TokenVariable = "GITLAB_TOKEN";
    private const string Default = "https://gitlab.com";

    /// <summary>The parameter, else <c>$env:GITLAB_URL</c>, else gitlab.com.</summary>
    public static string Address(Uri? given) => given?.OriginalString ?? Text(AddressVariable) ?? Default;

    /// <summary><c>$env:GITLAB_TOKEN</c>; not for another server than <c>$env:GITLAB_URL</c>, where that is set.</summary>
    public static SecureString? Token(string address)
    {
        if (Text(TokenVariable) is not { } text || (Text(AddressVariable) is { } own && !SameServer(own, address)))
            return null;
        var token = new SecureString();
        foreach (var c in text)
            token.AppendChar(c);
        token.MakeReadOnly();
        return token;
    }

    internal static string? Text(string variable) => Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text ? text : null;

    private static bool SameServer(string one, string other) =>
        Uri.TryCreate(one, UriKind.Absolute, out var a) && Uri.TryCreate(other, UriKind.Absolute, out var b)
        && Uri.Compare(a, b, UriComponents.SchemeAndServer, UriFormat.Unescaped, StringComparison.OrdinalIgnoreCase) == 0;
}

/// <summary>The embedding server that is meant.</summary>
internal static class EmbedDefaults
{
    /// <summary>The parameters, else <c>$env:ARTIFACTSYNC_EMBED_URI</c> and <c>_MODEL</c>; null when there is none.</summary>
    /// <exception cref="ArtifactSyncException">InvalidArgument: a model without a server.</exception>
    public static EmbedTarget? Target(Uri? uri, string? model)
    {
        var address = uri?.OriginalString ?? GitLabDefaults.Text(EmbedTarget.UriVariable);
        if (address is null)
            return model is null ? null : throw new ArtifactSyncException(ErrorCode.InvalidArgument, "-EmbedModel needs -EmbedUri.", model);
        return new EmbedTarget(
            address, model ?? GitLabDefaults.Text(EmbedTarget.ModelVariable) ?? EmbedTarget.DefaultModel, IsRequired: uri is not null || model is not null);
    }
}
