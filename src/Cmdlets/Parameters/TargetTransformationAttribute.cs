using System.Collections;
using System.Management.Automation;

namespace ArtifactSync.Cmdlets.Parameters;

/// <summary>Accepts text, Uri and FileSystemInfo, and nothing else: a run object must not become a folder named after it.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Field)]
public sealed class TargetTransformationAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        var value = Unwrap(inputData);
        return value is IEnumerable items and not string ? items.Cast<object?>().Select(Text).ToArray() : new[] { Text(value) };
    }

    private static string Text(object? item) => Unwrap(item) switch
    {
        string text => text,
        Uri uri => uri.OriginalString,
        FileSystemInfo entry => entry.FullName,
        var other => throw new ArgumentTransformationMetadataException(
            $"A target is a folder or an address, not an object of type {other?.GetType().Name ?? "null"}. "
            + "To repeat runs that failed, add -RetryFailed."),
    };

    private static object? Unwrap(object? value) => value is PSObject wrapped ? wrapped.BaseObject : value;
}
