using System.Management.Automation;

namespace ArtifactSync.Cmdlets.Parameters;

/// <summary>Turns a TimeSpan or text such as <c>7d</c> into a TimeSpan; refuses a bare number other than 0 and what is negative.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Field)]
public sealed class DurationTransformationAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        var duration = DurationText.Typed(inputData) switch
        {
            TimeSpan given => given,
            string text when DurationText.TryParse(text, out var parsed) => parsed,
            var other => throw new ArgumentTransformationMetadataException($"\"{other}\" is no duration. {DurationText.Advice}"),
        };
        return duration >= TimeSpan.Zero
            ? duration
            : throw new ArgumentTransformationMetadataException($"\"{inputData}\" is negative. {DurationText.Advice}");
    }
}
