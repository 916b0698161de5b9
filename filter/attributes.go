package filter

// The attributes, in the order of the API's alphabet. Their names are the API's to the
// letter, so that a reader finds here what a request holds.
const (
	AwsAccountId Attribute = iota
	AwsAccountName
	CompanyName
	ComplianceAssociatedStandardsId
	ComplianceSecurityControlId
	ComplianceSecurityControlParametersName
	ComplianceSecurityControlParametersValue
	ComplianceStatus
	Confidence
	CreatedAt
	Criticality
	Description
	FindingProviderFieldsConfidence
	FindingProviderFieldsCriticality
	FindingProviderFieldsRelatedFindingsId
	FindingProviderFieldsRelatedFindingsProductArn
	FindingProviderFieldsSeverityLabel
	FindingProviderFieldsSeverityOriginal
	FindingProviderFieldsTypes
	FirstObservedAt
	GeneratorId
	Id
	Keyword
	LastObservedAt
	MalwareName
	MalwarePath
	MalwareState
	MalwareType
	NetworkDestinationDomain
	NetworkDestinationIpV4
	NetworkDestinationIpV6
	NetworkDestinationPort
	NetworkDirection
	NetworkProtocol
	NetworkSourceDomain
	NetworkSourceIpV4
	NetworkSourceIpV6
	NetworkSourceMac
	NetworkSourcePort
	NoteText
	NoteUpdatedAt
	NoteUpdatedBy
	ProcessLaunchedAt
	ProcessName
	ProcessParentPid
	ProcessPath
	ProcessPid
	ProcessTerminatedAt
	ProductArn
	ProductFields
	ProductName
	RecommendationText
	RecordState
	Region
	RelatedFindingsId
	RelatedFindingsProductArn
	ResourceApplicationArn
	ResourceApplicationName
	ResourceAwsEc2InstanceIamInstanceProfileArn
	ResourceAwsEc2InstanceImageId
	ResourceAwsEc2InstanceIpV4Addresses
	ResourceAwsEc2InstanceIpV6Addresses
	ResourceAwsEc2InstanceKeyName
	ResourceAwsEc2InstanceLaunchedAt
	ResourceAwsEc2InstanceSubnetId
	ResourceAwsEc2InstanceType
	ResourceAwsEc2InstanceVpcId
	ResourceAwsIamAccessKeyCreatedAt
	ResourceAwsIamAccessKeyPrincipalName
	ResourceAwsIamAccessKeyStatus
	ResourceAwsIamAccessKeyUserName
	ResourceAwsIamUserUserName
	ResourceAwsS3BucketOwnerId
	ResourceAwsS3BucketOwnerName
	ResourceContainerImageId
	ResourceContainerImageName
	ResourceContainerLaunchedAt
	ResourceContainerName
	ResourceDetailsOther
	ResourceId
	ResourcePartition
	ResourceRegion
	ResourceTags
	ResourceType
	Sample
	SeverityLabel
	SeverityNormalized
	SeverityProduct
	SourceUrl
	ThreatIntelIndicatorCategory
	ThreatIntelIndicatorLastObservedAt
	ThreatIntelIndicatorSource
	ThreatIntelIndicatorSourceUrl
	ThreatIntelIndicatorType
	ThreatIntelIndicatorValue
	Title
	Type
	UpdatedAt
	UserDefinedFields
	VerificationState
	VulnerabilitiesExploitAvailable
	VulnerabilitiesFixAvailable
	WorkflowState
	WorkflowStatus
)

// severityRanks orders severity labels, lowest first (decision 27).
var severityRanks = []string{"INFORMATIONAL", "LOW", "MEDIUM", "HIGH", "CRITICAL"}

// Attributes describes each attribute. A new one is a constant above and a line here.
//
// ProductName and CompanyName read the top level; decision 26 keeps the copies in
// ProductFields equal to it. Keyword has no place of its own: it searches all texts.
var Attributes = [...]Info{
	AwsAccountId:                                   {Name: "AwsAccountId", Kind: KindString, Paths: []string{"AwsAccountId"}},
	AwsAccountName:                                 {Name: "AwsAccountName", Kind: KindString, Paths: []string{"AwsAccountName"}},
	CompanyName:                                    {Name: "CompanyName", Kind: KindString, Paths: []string{"CompanyName"}},
	ComplianceAssociatedStandardsId:                {Name: "ComplianceAssociatedStandardsId", Kind: KindString, Paths: []string{"Compliance.AssociatedStandards.StandardsId"}, Many: true},
	ComplianceSecurityControlId:                    {Name: "ComplianceSecurityControlId", Kind: KindString, Paths: []string{"Compliance.SecurityControlId"}},
	ComplianceSecurityControlParametersName:        {Name: "ComplianceSecurityControlParametersName", Kind: KindString, Paths: []string{"Compliance.SecurityControlParameters.Name"}, Many: true},
	ComplianceSecurityControlParametersValue:       {Name: "ComplianceSecurityControlParametersValue", Kind: KindString, Paths: []string{"Compliance.SecurityControlParameters.Value"}, Many: true},
	ComplianceStatus:                               {Name: "ComplianceStatus", Kind: KindString, Paths: []string{"Compliance.Status"}},
	Confidence:                                     {Name: "Confidence", Kind: KindNumber, Paths: []string{"Confidence"}},
	CreatedAt:                                      {Name: "CreatedAt", Kind: KindDate, Paths: []string{"CreatedAt"}},
	Criticality:                                    {Name: "Criticality", Kind: KindNumber, Paths: []string{"Criticality"}},
	Description:                                    {Name: "Description", Kind: KindString, Paths: []string{"Description"}, Text: true},
	FindingProviderFieldsConfidence:                {Name: "FindingProviderFieldsConfidence", Kind: KindNumber, Paths: []string{"FindingProviderFields.Confidence"}},
	FindingProviderFieldsCriticality:               {Name: "FindingProviderFieldsCriticality", Kind: KindNumber, Paths: []string{"FindingProviderFields.Criticality"}},
	FindingProviderFieldsRelatedFindingsId:         {Name: "FindingProviderFieldsRelatedFindingsId", Kind: KindString, Paths: []string{"FindingProviderFields.RelatedFindings.Id"}, Many: true},
	FindingProviderFieldsRelatedFindingsProductArn: {Name: "FindingProviderFieldsRelatedFindingsProductArn", Kind: KindString, Paths: []string{"FindingProviderFields.RelatedFindings.ProductArn"}, Many: true},
	FindingProviderFieldsSeverityLabel:             {Name: "FindingProviderFieldsSeverityLabel", Kind: KindString, Paths: []string{"FindingProviderFields.Severity.Label"}, Ranks: severityRanks},
	FindingProviderFieldsSeverityOriginal:          {Name: "FindingProviderFieldsSeverityOriginal", Kind: KindString, Paths: []string{"FindingProviderFields.Severity.Original"}},
	FindingProviderFieldsTypes:                     {Name: "FindingProviderFieldsTypes", Kind: KindString, Paths: []string{"FindingProviderFields.Types"}, Many: true},
	FirstObservedAt:                                {Name: "FirstObservedAt", Kind: KindDate, Paths: []string{"FirstObservedAt"}},
	GeneratorId:                                    {Name: "GeneratorId", Kind: KindString, Paths: []string{"GeneratorId"}},
	Id:                                             {Name: "Id", Kind: KindString, Paths: []string{"Id"}},
	Keyword:                                        {Name: "Keyword", Kind: KindKeyword},
	LastObservedAt:                                 {Name: "LastObservedAt", Kind: KindDate, Paths: []string{"LastObservedAt"}},
	MalwareName:                                    {Name: "MalwareName", Kind: KindString, Paths: []string{"Malware.Name"}, Many: true},
	MalwarePath:                                    {Name: "MalwarePath", Kind: KindString, Paths: []string{"Malware.Path"}, Many: true},
	MalwareState:                                   {Name: "MalwareState", Kind: KindString, Paths: []string{"Malware.State"}, Many: true},
	MalwareType:                                    {Name: "MalwareType", Kind: KindString, Paths: []string{"Malware.Type"}, Many: true},
	NetworkDestinationDomain:                       {Name: "NetworkDestinationDomain", Kind: KindString, Paths: []string{"Network.DestinationDomain"}},
	NetworkDestinationIpV4:                         {Name: "NetworkDestinationIpV4", Kind: KindIP, Paths: []string{"Network.DestinationIpV4"}},
	NetworkDestinationIpV6:                         {Name: "NetworkDestinationIpV6", Kind: KindIP, Paths: []string{"Network.DestinationIpV6"}},
	NetworkDestinationPort:                         {Name: "NetworkDestinationPort", Kind: KindNumber, Paths: []string{"Network.DestinationPort"}},
	NetworkDirection:                               {Name: "NetworkDirection", Kind: KindString, Paths: []string{"Network.Direction"}},
	NetworkProtocol:                                {Name: "NetworkProtocol", Kind: KindString, Paths: []string{"Network.Protocol"}},
	NetworkSourceDomain:                            {Name: "NetworkSourceDomain", Kind: KindString, Paths: []string{"Network.SourceDomain"}},
	NetworkSourceIpV4:                              {Name: "NetworkSourceIpV4", Kind: KindIP, Paths: []string{"Network.SourceIpV4"}},
	NetworkSourceIpV6:                              {Name: "NetworkSourceIpV6", Kind: KindIP, Paths: []string{"Network.SourceIpV6"}},
	NetworkSourceMac:                               {Name: "NetworkSourceMac", Kind: KindString, Paths: []string{"Network.SourceMac"}},
	NetworkSourcePort:                              {Name: "NetworkSourcePort", Kind: KindNumber, Paths: []string{"Network.SourcePort"}},
	NoteText:                                       {Name: "NoteText", Kind: KindString, Paths: []string{"Note.Text"}, Text: true},
	NoteUpdatedAt:                                  {Name: "NoteUpdatedAt", Kind: KindDate, Paths: []string{"Note.UpdatedAt"}},
	NoteUpdatedBy:                                  {Name: "NoteUpdatedBy", Kind: KindString, Paths: []string{"Note.UpdatedBy"}},
	ProcessLaunchedAt:                              {Name: "ProcessLaunchedAt", Kind: KindDate, Paths: []string{"Process.LaunchedAt"}},
	ProcessName:                                    {Name: "ProcessName", Kind: KindString, Paths: []string{"Process.Name"}},
	ProcessParentPid:                               {Name: "ProcessParentPid", Kind: KindNumber, Paths: []string{"Process.ParentPid"}},
	ProcessPath:                                    {Name: "ProcessPath", Kind: KindString, Paths: []string{"Process.Path"}},
	ProcessPid:                                     {Name: "ProcessPid", Kind: KindNumber, Paths: []string{"Process.Pid"}},
	ProcessTerminatedAt:                            {Name: "ProcessTerminatedAt", Kind: KindDate, Paths: []string{"Process.TerminatedAt"}},
	ProductArn:                                     {Name: "ProductArn", Kind: KindString, Paths: []string{"ProductArn"}},
	ProductFields:                                  {Name: "ProductFields", Kind: KindMap, Paths: []string{"ProductFields"}, Many: true},
	ProductName:                                    {Name: "ProductName", Kind: KindString, Paths: []string{"ProductName"}},
	RecommendationText:                             {Name: "RecommendationText", Kind: KindString, Paths: []string{"Remediation.Recommendation.Text"}, Text: true},
	RecordState:                                    {Name: "RecordState", Kind: KindString, Paths: []string{"RecordState"}},
	Region:                                         {Name: "Region", Kind: KindString, Paths: []string{"Region"}},
	RelatedFindingsId:                              {Name: "RelatedFindingsId", Kind: KindString, Paths: []string{"RelatedFindings.Id"}, Many: true},
	RelatedFindingsProductArn:                      {Name: "RelatedFindingsProductArn", Kind: KindString, Paths: []string{"RelatedFindings.ProductArn"}, Many: true},
	ResourceApplicationArn:                         {Name: "ResourceApplicationArn", Kind: KindString, Paths: []string{"Resources.ApplicationArn"}, Many: true},
	ResourceApplicationName:                        {Name: "ResourceApplicationName", Kind: KindString, Paths: []string{"Resources.ApplicationName"}, Many: true},
	ResourceAwsEc2InstanceIamInstanceProfileArn: {Name: "ResourceAwsEc2InstanceIamInstanceProfileArn", Kind: KindString, Paths: []string{"Resources.Details.AwsEc2Instance.IamInstanceProfileArn"}, Many: true},
	ResourceAwsEc2InstanceImageId:               {Name: "ResourceAwsEc2InstanceImageId", Kind: KindString, Paths: []string{"Resources.Details.AwsEc2Instance.ImageId"}, Many: true},
	ResourceAwsEc2InstanceIpV4Addresses:         {Name: "ResourceAwsEc2InstanceIpV4Addresses", Kind: KindIP, Paths: []string{"Resources.Details.AwsEc2Instance.IpV4Addresses"}, Many: true},
	ResourceAwsEc2InstanceIpV6Addresses:         {Name: "ResourceAwsEc2InstanceIpV6Addresses", Kind: KindIP, Paths: []string{"Resources.Details.AwsEc2Instance.IpV6Addresses"}, Many: true},
	ResourceAwsEc2InstanceKeyName:               {Name: "ResourceAwsEc2InstanceKeyName", Kind: KindString, Paths: []string{"Resources.Details.AwsEc2Instance.KeyName"}, Many: true},
	ResourceAwsEc2InstanceLaunchedAt:            {Name: "ResourceAwsEc2InstanceLaunchedAt", Kind: KindDate, Paths: []string{"Resources.Details.AwsEc2Instance.LaunchedAt"}, Many: true},
	ResourceAwsEc2InstanceSubnetId:              {Name: "ResourceAwsEc2InstanceSubnetId", Kind: KindString, Paths: []string{"Resources.Details.AwsEc2Instance.SubnetId"}, Many: true},
	ResourceAwsEc2InstanceType:                  {Name: "ResourceAwsEc2InstanceType", Kind: KindString, Paths: []string{"Resources.Details.AwsEc2Instance.Type"}, Many: true},
	ResourceAwsEc2InstanceVpcId:                 {Name: "ResourceAwsEc2InstanceVpcId", Kind: KindString, Paths: []string{"Resources.Details.AwsEc2Instance.VpcId"}, Many: true},
	ResourceAwsIamAccessKeyCreatedAt:            {Name: "ResourceAwsIamAccessKeyCreatedAt", Kind: KindDate, Paths: []string{"Resources.Details.AwsIamAccessKey.CreatedAt"}, Many: true},
	ResourceAwsIamAccessKeyPrincipalName:        {Name: "ResourceAwsIamAccessKeyPrincipalName", Kind: KindString, Paths: []string{"Resources.Details.AwsIamAccessKey.PrincipalName"}, Many: true},
	ResourceAwsIamAccessKeyStatus:               {Name: "ResourceAwsIamAccessKeyStatus", Kind: KindString, Paths: []string{"Resources.Details.AwsIamAccessKey.Status"}, Many: true},
	ResourceAwsIamAccessKeyUserName:             {Name: "ResourceAwsIamAccessKeyUserName", Kind: KindString, Paths: []string{"Resources.Details.AwsIamAccessKey.UserName"}, Many: true},
	ResourceAwsIamUserUserName:                  {Name: "ResourceAwsIamUserUserName", Kind: KindString, Paths: []string{"Resources.Details.AwsIamUser.UserName"}, Many: true},
	ResourceAwsS3BucketOwnerId:                  {Name: "ResourceAwsS3BucketOwnerId", Kind: KindString, Paths: []string{"Resources.Details.AwsS3Bucket.OwnerId"}, Many: true},
	ResourceAwsS3BucketOwnerName:                {Name: "ResourceAwsS3BucketOwnerName", Kind: KindString, Paths: []string{"Resources.Details.AwsS3Bucket.OwnerName"}, Many: true},
	ResourceContainerImageId:                    {Name: "ResourceContainerImageId", Kind: KindString, Paths: []string{"Resources.Details.Container.ImageId"}, Many: true},
	ResourceContainerImageName:                  {Name: "ResourceContainerImageName", Kind: KindString, Paths: []string{"Resources.Details.Container.ImageName"}, Many: true},
	ResourceContainerLaunchedAt:                 {Name: "ResourceContainerLaunchedAt", Kind: KindDate, Paths: []string{"Resources.Details.Container.LaunchedAt"}, Many: true},
	ResourceContainerName:                       {Name: "ResourceContainerName", Kind: KindString, Paths: []string{"Resources.Details.Container.Name"}, Many: true},
	ResourceDetailsOther:                        {Name: "ResourceDetailsOther", Kind: KindMap, Paths: []string{"Resources.Details.Other"}, Many: true},
	ResourceId:                                  {Name: "ResourceId", Kind: KindString, Paths: []string{"Resources.Id"}, Many: true},
	ResourcePartition:                           {Name: "ResourcePartition", Kind: KindString, Paths: []string{"Resources.Partition"}, Many: true},
	ResourceRegion:                              {Name: "ResourceRegion", Kind: KindString, Paths: []string{"Resources.Region"}, Many: true},
	ResourceTags:                                {Name: "ResourceTags", Kind: KindMap, Paths: []string{"Resources.Tags"}, Many: true},
	ResourceType:                                {Name: "ResourceType", Kind: KindString, Paths: []string{"Resources.Type"}, Many: true},
	Sample:                                      {Name: "Sample", Kind: KindBoolean, Paths: []string{"Sample"}},
	SeverityLabel:                               {Name: "SeverityLabel", Kind: KindString, Paths: []string{"Severity.Label"}, Ranks: severityRanks},
	SeverityNormalized:                          {Name: "SeverityNormalized", Kind: KindNumber, Paths: []string{"Severity.Normalized"}},
	SeverityProduct:                             {Name: "SeverityProduct", Kind: KindNumber, Paths: []string{"Severity.Product"}},
	SourceUrl:                                   {Name: "SourceUrl", Kind: KindString, Paths: []string{"SourceUrl"}},
	ThreatIntelIndicatorCategory:                {Name: "ThreatIntelIndicatorCategory", Kind: KindString, Paths: []string{"ThreatIntelIndicators.Category"}, Many: true},
	ThreatIntelIndicatorLastObservedAt:          {Name: "ThreatIntelIndicatorLastObservedAt", Kind: KindDate, Paths: []string{"ThreatIntelIndicators.LastObservedAt"}, Many: true},
	ThreatIntelIndicatorSource:                  {Name: "ThreatIntelIndicatorSource", Kind: KindString, Paths: []string{"ThreatIntelIndicators.Source"}, Many: true},
	ThreatIntelIndicatorSourceUrl:               {Name: "ThreatIntelIndicatorSourceUrl", Kind: KindString, Paths: []string{"ThreatIntelIndicators.SourceUrl"}, Many: true},
	ThreatIntelIndicatorType:                    {Name: "ThreatIntelIndicatorType", Kind: KindString, Paths: []string{"ThreatIntelIndicators.Type"}, Many: true},
	ThreatIntelIndicatorValue:                   {Name: "ThreatIntelIndicatorValue", Kind: KindString, Paths: []string{"ThreatIntelIndicators.Value"}, Many: true},
	Title:                                       {Name: "Title", Kind: KindString, Paths: []string{"Title"}},
	Type:                                        {Name: "Type", Kind: KindString, Paths: []string{"Types"}, Many: true},
	UpdatedAt:                                   {Name: "UpdatedAt", Kind: KindDate, Paths: []string{"UpdatedAt"}},
	UserDefinedFields:                           {Name: "UserDefinedFields", Kind: KindMap, Paths: []string{"UserDefinedFields"}, Many: true},
	VerificationState:                           {Name: "VerificationState", Kind: KindString, Paths: []string{"VerificationState"}},
	VulnerabilitiesExploitAvailable:             {Name: "VulnerabilitiesExploitAvailable", Kind: KindString, Paths: []string{"Vulnerabilities.ExploitAvailable"}, Many: true},
	VulnerabilitiesFixAvailable:                 {Name: "VulnerabilitiesFixAvailable", Kind: KindString, Paths: []string{"Vulnerabilities.FixAvailable"}, Many: true},
	WorkflowState:                               {Name: "WorkflowState", Kind: KindString, Paths: []string{"WorkflowState"}},
	WorkflowStatus:                              {Name: "WorkflowStatus", Kind: KindString, Paths: []string{"Workflow.Status"}},
}
