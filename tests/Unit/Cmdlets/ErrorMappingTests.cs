using System.Management.Automation;
using ArtifactSync.Cmdlets.Pipeline;
using ArtifactSync.Errors;
using ArtifactSync.Model;

namespace ArtifactSync.Tests.Cmdlets;

public class ErrorMappingTests
{
    public static TheoryData<ErrorCode> Codes => [.. Enum.GetValues<ErrorCode>()];

    [Theory]
    [MemberData(nameof(Codes))]
    public void Category_EveryCode_IsChosenWithThought(ErrorCode code) =>
        Assert.Equal(code == ErrorCode.UnexpectedError, ErrorMapping.Category(code) == ErrorCategory.NotSpecified);

    [Theory]
    [InlineData(ErrorCode.PathNotFound, ErrorCategory.ObjectNotFound)]
    [InlineData(ErrorCode.PathNotFileSystem, ErrorCategory.InvalidArgument)]
    [InlineData(ErrorCode.HashMismatch, ErrorCategory.InvalidData)]
    [InlineData(ErrorCode.ArchiveVersionUnsupported, ErrorCategory.InvalidOperation)]
    [InlineData(ErrorCode.LeaseHeld, ErrorCategory.ResourceBusy)]
    [InlineData(ErrorCode.TargetUnreachable, ErrorCategory.ConnectionError)]
    [InlineData(ErrorCode.TransferIncomplete, ErrorCategory.WriteError)]
    [InlineData(ErrorCode.DiskFull, ErrorCategory.LimitsExceeded)]
    [InlineData(ErrorCode.NativeLibraryMissing, ErrorCategory.NotInstalled)]
    public void Category_OfATypicalCode_IsTheDocumentedOne(ErrorCode code, ErrorCategory category) => Assert.Equal(category, ErrorMapping.Category(code));

    [Fact]
    public void ToException_FailedRun_CarriesItsCodeMessageAndTarget()
    {
        var e = ErrorMapping.ToException(new SyncRun { Status = RunStatus.Failed, ErrorCode = "TargetNotFound", ErrorMessage = "gone", Target = "/mnt/x" });
        Assert.Equal((ErrorCode.TargetNotFound, "gone", "/mnt/x"), (e.Code, e.Message, e.Target));
    }

    [Fact]
    public void ToException_CodeOfANewerVersion_IsUnexpected() =>
        Assert.Equal(ErrorCode.UnexpectedError, ErrorMapping.ToException(new SyncRun { ErrorCode = "FromTheFuture" }).Code);
}
