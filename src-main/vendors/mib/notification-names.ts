/**
 * Names of notifications, and of the objects that they carry, as the MIBs give them: below each OID, the last number and the name. What
 * stands in no MIB here is told by its number.
 */
export const notificationNames: readonly (readonly [string, string])[] = [
  // SNMPv2-MIB, IF-MIB, SNMP-COMMUNITY-MIB, NET-SNMP-AGENT-MIB
  ['1.3.6.1.6.3.1.1.5', '1:coldStart 2:warmStart 3:linkDown 4:linkUp 5:authenticationFailure 6:egpNeighborLoss'],
  ['1.3.6.1.2.1.2.2.1', '1:ifIndex 2:ifDescr 7:ifAdminStatus 8:ifOperStatus'],
  ['1.3.6.1.2.1.31.1.1.1', '1:ifName 18:ifAlias'],
  ['1.3.6.1.2.1.1', '1:sysDescr 3:sysUpTime 5:sysName 6:sysLocation'],
  ['1.3.6.1.6.3.1.1.4', '3:snmpTrapEnterprise'],
  ['1.3.6.1.6.3.18.1', '4:snmpTrapCommunity'],
  ['1.3.6.1.4.1.8072.4.0', '1:nsNotifyStart 2:nsNotifyShutdown 3:nsNotifyRestart'],
  // A10-AX-NOTIFICATIONS
  ['1.3.6.1.4.1.22610.2.4.2.100', '1:axSyslogTrap'],
  ['1.3.6.1.4.1.22610.2.4.2.101', '1:axSyslogModuleName 2:axSyslogPriority 3:axSyslogMsg'],
  [
    '1.3.6.1.4.1.22610.2.4.3.12.1',
    '1:axNotificationMsg 2:axNotificationSLBServer 3:axNotificationSLBPort 4:axNotificationSLBCurConns 5:axNotificationVirtualServer 6:axNotificationVirtualServerPort 7:axNotificationVirtualServerPortType 8:axNotificationDroppedPackets 9:axNotificationConfiguredThreshold 10:axNotificationCurrentUsage 11:axNotificationConnLimit 12:axNotificationTrunkID 13:axNotificationPortThreshold 14:axNotificationCurrentUpPorts 15:axNotificationFanName 16:axNotificationPowerSupplyName 17:axNotificationHAGroup 18:axNotificationSLBServiceGroupName 20:axNotificationVrid 21:axNotificationPartitionName 22:axNotificationGslbSiteName 23:axNotificationGslbSiteSlbDeviceName 25:axNotificationGslbServiceIpName 26:axNotificationGslbServiceIpAddr 27:axNotificationGslbServiceIpPortType 28:axNotificationGslbZoneName 29:axNotificationGslbZoneServiceProto 30:axNotificationGslbZoneServiceName 31:axNotificationGslbGroupName 32:axNotificationGslbGroupEntity 33:axNotificationLicensedModuleName 34:axNotificationShutdownReason 36:axNotificationLicenseDisableDuration 37:axNotificationSslServerCertificateErrCounter 38:axNotificationServerSelectionFailureReason 39:axNotificationConnectionTypeName 40:axNotificationSlbObjectChange 41:axNotificationCertificateName 42:axNotificationDateTime 43:axNotificationSLBServerPortType 44:axNotificationPartitionResourceName 45:axNotificationPartitionResourceUsageLevel 46:axNotificationTacasServerHost 47:axNotificationUpDown 48:axNotificationTrueFalse 57:axNotificationOldVcsState 58:axNotificationNewVcsState',
  ],
  [
    '1.3.6.1.4.1.22610.2.4.3.12.2.1',
    '1:axSystemStart 2:axSystemShutdown 3:axSystemTempHigh 4:axFan1Failure 5:axFan2Failure 6:axFan3Failure 9:axUpperPowerSupplyFailure 10:axLowerPowerSupplyFailure 11:axPrimaryHardDiskFailure 12:axSecondaryHardDiskFailure 13:axHardDiskUsageHigh 14:axMemoryUsageHigh 15:axSystemRestart 16:axSystemDropPacketEvent 17:axSystemRelieveDropPacketEvent 18:axSystemControlCpuHigh 19:axSystemDataCpuHigh 20:axSystemFanFailure 21:axSystemPowerSupplyFailure 22:axSystemLicenseRequired 23:axSystemLicenseLoadSuccessful 24:axSystemLicenseExpired 25:axSystemShutdownForReason 26:axFileSystemBecomeReadOnly 27:axSystemLicensedModuleDisabledForDuration 28:axSystemControlCpuBecomeNormal 29:axSystemDataCpuBecomeNormal 30:axSystemTempBecomeNormal 31:axHardDiskUsageBecomeNormal 32:axMemoryUsageBecomeNormal 33:axSystemFanRecover 34:axSystemPowerSupplyRecover 35:axSystemConnectionResourceHigh 36:axSystemConnectionResourceBecomeNormal 37:axSystemSmpResourceHigh 38:axSystemSmpResourceBecomeNormal 39:axTacacsMonitorServerUpDown 41:axHighPrioritySyslog',
  ],
  [
    '1.3.6.1.4.1.22610.2.4.3.12.2.2',
    '1:axHAStandby 2:axHAActive 3:axHAActiveActive 4:axServiceDown 5:axServiceUp 6:axServerDown 7:axServerUp 8:axServerConnLimit 9:axServerConnResume 10:axServiceConnLimit 11:axServiceConnResume 12:axVirtualServerPortDown 13:axVirtualServerPortUp 14:axApplicationBufferReachLimit 15:axVirtualServerPortReachConnLimit 16:axVirtualServerPortReachConnRateLimit 17:axVirtualServerReachConnLimit 18:axVirtualServerReachConnRateLimit 19:axServerConnRateLimit 20:axServiceConnRateLimit 21:axServiceGroupMemberEnabledForNewConn 22:axServiceGroupMemberDisabledForNewConn 23:axVrrpActive 24:axVrrpStandby 25:axSslServerCertificateErr 26:axServerSelectionFailure 27:axVirtualServerUp 28:axVirtualServerDown 29:axServerDisabled 30:axServiceGroupUp 31:axServiceGroupDown 32:axServiceGroupMemberUp 33:axServiceGroupMemberDown 34:axVcsStateChange 35:axGatewayUp 36:axGatewayDown',
  ],
  ['1.3.6.1.4.1.22610.2.4.3.12.2.3', '1:axNetworkTrunkPortsThreshold'],
  [
    '1.3.6.1.4.1.22610.2.4.3.12.2.5',
    '1:axGslbSiteAdminEnabled 2:axGslbSiteAdminDisabled 3:axGslbSiteOperationalStateUp 4:axGslbSiteOperationalStateDown 5:axGslbSiteSlbDeviceStateUp 6:axGslbSiteSlbDeviceStateDown 9:axGslbServiceIpAdminEnabled 10:axGslbServiceIpAdminDisabled 11:axGslbServiceIpOperationalStateUp 12:axGslbServiceIpOperationalStateDown 13:axGslbServiceIpPortStateUp 14:axGslbServiceIpPortStateDown 15:axGslbZoneAdminEnabled 16:axGslbZoneAdminDisabled 17:axGslbZoneOperationalStateUp 18:axGslbZoneOperationalStateDown 19:axGslbZoneServiceAdminEnabled 20:axGslbZoneServiceAdminDisabled 21:axGslbZoneServiceOperationalStateUp 22:axGslbZoneServiceOperationalStateDown 23:axGslbGroupBecomeMaster 24:axGslbGroupRemovedMaster 25:axGslbGroupMemberJoinGroup 26:axGslbGroupMemberLeaveGroup',
  ],
  [
    '1.3.6.1.4.1.22610.2.4.3.12.2.6',
    '1:axVirtualServerCreateDelete 2:axVirtualServerPortCreateDelete 3:axServerCreateDelete 4:axServerPortCreateDelete 5:axSslCertificateCreateDelete 6:axSslCertificateExpiring 7:axPartitionResourceUsageWarning',
  ],
  // EXCELIANCE-MIB
  ['1.3.6.1.4.1.23263.2', '1:alTrapId 2:alTrapMsg 3:alTrapName'],
  ['1.3.6.1.4.1.23263.3', '1001:eNotificationMsg 1002:alTrap'],
  // CA-SNMP-MIB8
  ['1.3.6.1.4.1.7564.24.2.2.1', '2:severity 3:msgText'],
  ['1.3.6.1.4.1.7564.24.3', '1:syslogTrap'],
  ['1.3.6.1.4.1.7564.251', '1:caStart 2:caShutdown 3:licenseRemainingDays'],
  // BWS-MIB
  [
    '1.3.6.1.4.1.20632.8.1',
    '3:tempCritical 4:tempHigh 5:systemFailOver 6:switchingToMaintMode 7:fanDead 8:dataPortLinkDown 9:serverDown 10:peerDown 11:dataPortLinkUp 12:serverUp 13:peerUp 14:switchingToBypassMode 15:switchingToInlineMode 16:sharedSecretKeyAboutToExpire 17:sharedSecretKeyExpired 18:firmwareStorageHigh 19:logStorageHigh 20:raidDegrading 21:energizeUpdateExpire 22:firmwareUpdateAvailable 24:attackDefinitionUpdateAvailable 25:processCountHigh 26:memoryUsageHigh 27:newAttackDefinitionInstalled 28:systemFailure',
  ],
  ['1.3.6.1.4.1.20632.8', '7:bwsMessage'],
  // CISCO-SLB-MIB
  ['1.3.6.1.4.1.9.9.161.1.3.1.1', '4:slbRealState'],
  [
    '1.3.6.1.4.1.9.9.161.1.4.1.1',
    '2:slbVirtualServerState 4:slbVirtualIpAddress 5:slbVirtualPort 6:slbVirtualProtocol',
  ],
  [
    '1.3.6.1.4.1.9.9.161.1.4.2.1',
    '2:slbVServerClassMap 3:slbVServerPolicyMap 4:slbVServerState 5:slbVServerStateChangeDescr',
  ],
  ['1.3.6.1.4.1.9.9.161.1.4.3.1', '2:slbVServerIpAddressType 3:slbVServerIpAddress 5:slbVServerProtocol'],
  ['1.3.6.1.4.1.9.9.161.1.8', '6:slbInetAddressType 7:slbInetAddress 8:slbName 9:slbPort'],
  ['1.3.6.1.4.1.9.9.161.1.12.1.1', '2:slbSaspEnabled'],
  ['1.3.6.1.4.1.9.9.161.1.13.1.1', '5:slbSaspAgentState'],
  [
    '1.3.6.1.4.1.9.9.161.2.0',
    '1:ciscoSlbVirtualStateChange 2:ciscoSlbRealStateChange 3:ciscoSlbSaspStateChange 4:ciscoSlbSaspAgentStateChange 5:ciscoSlbVServerStateChange 6:ciscoSlbVServerVIPStateChange 7:ciscoSlbVirtualServerStateChange 8:ciscoSlbRealServerStateChange',
  ],
  // F5-BIGIP-COMMON-MIB
  [
    '1.3.6.1.4.1.3375.2.4.0',
    '1:bigipAgentStart 2:bigipAgentShutdown 3:bigipAgentRestart 4:bigipCpuTempHigh 5:bigipCpuFanSpeedLow 6:bigipCpuFanSpeedBad 7:bigipChassisTempHigh 8:bigipChassisFanBad 9:bigipChassisPowerSupplyBad 10:bigipServiceDown 11:bigipServiceUp 12:bigipNodeDown 13:bigipNodeUp 14:bigipStandby 15:bigipActive 16:bigipActiveActive 17:bigipFeatureFailed 18:bigipFeatureOnline 19:bigipLicenseFailed 20:bigipLicenseExpired 21:bigipTamdAlert 22:bigipAggrReaperStateChange 23:bigipARPConflict 24:bigipNetLinkDown 25:bigipDiskPartitionWarn 26:bigipDiskPartitionGrowth 27:bigipAuthFailed 28:bigipConfigLoaded 29:bigipLogEmerg 30:bigipLogAlert 31:bigipLogCrit 32:bigipLogErr 33:bigipLogWarning 34:bigipPacketRejected 35:bigipCompLimitExceeded 36:bigipSslLimitExceeded 37:bigipExternalLinkChange 38:bigipAsmRequestBlocked 39:bigipAsmRequestViolation 40:bigipGtmPoolAvail 41:bigipGtmPoolNotAvail 42:bigipGtmPoolDisabled 43:bigipGtmPoolEnabled 44:bigipGtmLinkAvail 45:bigipGtmLinkNotAvail 46:bigipGtmLinkDisabled 47:bigipGtmLinkEnabled 48:bigipGtmWideIpAvail 49:bigipGtmWideIpNotAvail 50:bigipGtmWideIpDisabled 51:bigipGtmWideIpEnabled 52:bigipGtmPoolMbrAvail 53:bigipGtmPoolMbrNotAvail 54:bigipGtmPoolMbrDisabled 55:bigipGtmPoolMbrEnabled 56:bigipGtmServerAvail 57:bigipGtmServerNotAvail 58:bigipGtmServerDisabled 59:bigipGtmServerEnabled 60:bigipGtmVsAvail 61:bigipGtmVsNotAvail 62:bigipGtmVsDisabled 63:bigipGtmVsEnabled 64:bigipGtmDcAvail 65:bigipGtmDcNotAvail 66:bigipGtmDcDisabled 67:bigipGtmDcEnabled 68:bigipHardDiskFailure 69:bigipGtmAppObjAvail 70:bigipGtmAppObjNotAvail 71:bigipGtmAppAvail 72:bigipGtmAppNotAvail 73:bigipGtmJoinedGroup 74:bigipGtmLeftGroup 75:bigipStandByFail 76:bigipInetPortExhaustion 77:bigipGtmBoxAvail 78:bigipGtmBoxNotAvail 79:bigipAsmFtpRequestBlocked 80:bigipAsmFtpRequestViolation 81:bigipGtmBig3dSslCertExpired 82:bigipGtmBig3dSslCertWillExpire 83:bigipGtmSslCertExpired 84:bigipGtmSslCertWillExpire 85:bigipAsmSmtpRequestBlocked 86:bigipAsmSmtpRequestViolation 87:bigipBladeTempHigh 88:bigipBladeNoPower 89:bigipClusterdNoResponse 90:bigipBladeOffline 91:bigipAsmDosAttackDetected 92:bigipAsmBruteForceAttackDetected 93:bigipAomCpuTempTooHigh 94:bigipGtmKeyGenerationRollover 95:bigipGtmKeyGenerationExpiration 96:bigipRaidDiskFailure 97:bigipGtmProberPoolStatusChange 98:bigipGtmProberPoolStatusChangeReason 99:bigipGtmProberPoolDisabled 100:bigipGtmProberPoolEnabled 101:bigipGtmProberPoolMbrStatusChange 102:bigipGtmProberPoolMbrStatusChangeReason 103:bigipGtmProberPoolMbrDisabled 104:bigipGtmProberPoolMbrEnabled 105:bigipAvrAlertsMetricSnmp 106:bigipAvrAlertsMetricSmtp 107:bigipVcmpAlertsVcmpPowerOn 108:bigipVcmpAlertsVcmpPowerOff 109:bigipVcmpAlertsVcmpHBLost 110:bigipVcmpAlertsVcmpHBDetected 111:bigipSsdMwiNearThreshold 112:bigipSsdMwiReachedThreshold 113:bigipSystemCheckAlertTempHigh 114:bigipSystemCheckAlertVoltageHigh 115:bigipSystemCheckAlertFanSpeedLow 116:bigipLibhalSsdPhysicalDiskRemoved 117:bigipLibhalSsdLogicalDiskRemoved 118:bigipLibhalDiskBayRemoved 119:bigipLibhalBladePoweredOff 120:bigipLibhalSensorAlarmCritical 121:bigipChmandAlertFanTrayBad 122:bigipUnsolicitedRepliesExceededThreshold 123:bigipSystemCheckAlertVoltageLow 124:bigipSystemCheckAlertMilliVoltageHigh 125:bigipSystemCheckAlertCurrentHigh 126:bigipSystemCheckAlertPowerHigh 127:bigipSystemCheckAlertMilliVoltageLow 128:bigipSystemCheckAlertCurrentLow 129:bigipSystemCheckAlertPowerLow 130:bigipNodeRate 131:bigipMemberRate 132:bigipVirtualRate 133:bigipDosAttackStart 134:bigipDosAttackStop 135:bigipLtmVsAvail 136:bigipLtmVsUnavail 137:bigipLtmVsEnabled 138:bigipLtmVsDisabled 139:bigipDnsRequestRateLimiterEngaged 140:bigipGtmRequestRateLimiterEngaged 141:bigipTrafficGroupStandby 142:bigipTrafficGroupActive 143:bigipTrafficGroupOffline 144:bigipTrafficGroupForcedOffline 145:bigipTrafficGroupDeactivate 146:bigipTrafficGroupActivate 147:bigipPsPowerOn 148:bigipPsPowerOff 149:bigipPsAbsent 150:bigipClusterPrimaryChanged 151:bigipSystemShutdown 152:bigipFipsDeviceError 153:bigipUpdatePriority 154:bigipUpdateServer 155:bigipUpdateError 156:bigipGtmDeletedFromGroup 157:bigipGtmServerNotAvailNoIP 158:bigipDDMPowerAlarm 159:bigipDDMPowerWarn 160:bigipDDMPowerAlarmClear 161:bigipDDMPowerWarnClear 162:bigipDDMNonF5Optics 163:bigipTrafficGroupFailoverCond 164:bigipTrafficGroupFailoverCondClear 165:bigipDisableNonF5Optics 166:bigipFipsFault 167:bigipLibhalAomEventWarning 168:bigipLibhalAomEventError 169:bigipLibhalAomEventAlert 170:bigipLibhalAomEventCritical 171:bigipLibhalAomEventEmergency 172:bigipLibhalAomEventInfo 173:bigipLibhalAomSensorTempWarning 174:bigipLibhalAomSensorTempError 175:bigipLibhalAomSensorTempAlert 176:bigipLibhalAomSensorTempCritical 177:bigipLibhalAomSensorTempEmergency 178:bigipLibhalAomSensorTempInfo 179:bigipLibhalAomSensorFanWarning 180:bigipLibhalAomSensorFanError 181:bigipLibhalAomSensorFanAlert 182:bigipLibhalAomSensorFanCritical 183:bigipLibhalAomSensorFanEmergency 184:bigipLibhalAomSensorFanInfo 185:bigipLibhalAomSensorPwrWarning 186:bigipLibhalAomSensorPwrError 187:bigipLibhalAomSensorPwrAlert 188:bigipLibhalAomSensorPwrCritical 189:bigipLibhalAomSensorPwrEmergency 190:bigipLibhalAomSensorPwrInfo 191:bigipAccessGlobalLicenseTHDExceeded 192:bigipAccessCCULicenseTHDExceeded 193:bigipAccessURLFLicenseTHDExceeded 194:bigipAccessHATransition 195:bigipMonDBDaemonHungSQL 196:bigipMonDBDaemonIdle 197:bigipAccessURLFLimitedLicenseTHDExceeded 198:bigipChassisInadequatePower 199:bigipChassisPsUnidentified 200:bigipIPsecTunnelUp 201:bigipIPsecTunnelDown',
  ],
  ['1.3.6.1.4.1.3375.2.4.1', '1:bigipNotifyObjMsg 2:bigipNotifyObjNode 3:bigipNotifyObjPort'],
  // KEEPALIVED-MIB
  ['1.3.6.1.4.1.9586.100.5.1', '2:routerId'],
  ['1.3.6.1.4.1.9586.100.5.2.1.1', '2:vrrpSyncGroupName 3:vrrpSyncGroupState'],
  ['1.3.6.1.4.1.9586.100.5.2.3.1', '2:vrrpInstanceName 4:vrrpInstanceState 5:vrrpInstanceInitialState'],
  ['1.3.6.1.4.1.9586.100.5.2.10.0', '1:vrrpSyncGroupStateChange 2:vrrpInstanceStateChange'],
  [
    '1.3.6.1.4.1.9586.100.5.3.3.1',
    '2:virtualServerType 8:virtualServerProtocol 20:virtualServerRealServersTotal 21:virtualServerRealServersUp 22:virtualServerQuorum 23:virtualServerQuorumStatus',
  ],
  ['1.3.6.1.4.1.9586.100.5.3.4.1', '3:realServerAddrType 4:realServerAddress 5:realServerPort 6:realServerStatus'],
  ['1.3.6.1.4.1.9586.100.5.3.5.0', '1:realServerStateChange 2:virtualServerQuorumStateChange'],
  // B100-MIB
  ['1.3.6.1.4.1.12196.13.3.1', '1:vSstateChange 2:rSstateChange 3:hAstateChange 4:licenseExceeded'],
  // NS-ROOT-MIB
  [
    '1.3.6.1.4.1.5951.1.1.0',
    '1:changeToPrimary 2:changeToSecondary 3:cpuUtilization 4:linkUp 5:linkDown 6:discoverFailure 7:memUtilization 8:entitydown 9:entityup 10:synflood 11:cpuUtilizationNormal 12:synfloodNormal 13:memoryUtilization 14:memoryUtilizationNormal 15:vServerRequestRate 16:vServerRequestRateNormal 17:serviceRequestRate 18:serviceRequestRateNormal 19:entityRxRate 20:entityRxRateNormal 21:entityTxRate 22:entityTxRateNormal 23:entitySynflood 24:entitySynfloodNormal 25:netScalerConfigChange 26:maxClients 27:maxClientsNormal 28:netScalerConfigSave 29:serviceRxBytesRate 30:serviceRxBytesRateNormal 31:vserverRxBytesRate 32:vserverRxBytesRateNormal 33:serviceTxBytesRate 34:serviceTxBytesRateNormal 35:vserverTxBytesRate 36:vserverTxBytesRateNormal 37:serviceSynfloodRate 38:serviceSynfloodNormal 39:vserverSynfloodRate 40:vserverSynfloodNormal 41:svcGroupMemberRequestRate 42:svcGroupMemberRequestRateNormal 43:svcGroupMemberRxBytesRate 44:svcGroupMemberRxBytesRateNormal 45:svcGroupMemberTxBytesRate 46:svcGroupMemberTxBytesRateNormal 47:svcGroupMemberSynfloodRate 48:svcGroupMemberSynfloodNormal 49:svcGroupMemberMaxClients 50:svcGroupMemberMaxClientsNormal 51:averageCpuUtilization 52:averageCpuUtilizationNormal 53:monRespTimeoutAboveThresh 54:monRespTimeoutBelowThresh 55:netScalerLoginFailure 56:sslCertificateExpiry 57:fanSpeedLow 58:fanSpeedNormal 59:voltageLow 60:voltageNormal 61:voltageHigh 62:temperatureHigh 63:temperatureNormal 64:diskUsageHigh 65:diskUsageNormal 66:interfaceThroughputLow 67:interfaceThroughputNormal 68:haVersionMismatch 69:haSyncFailure 70:haNoHeartbeats 71:haBadSecState 72:interfaceBWUseHigh 73:interfaceBWUseNormal 74:aggregateBWUseHigh 75:aggregateBWUseNormal 76:vserverRhiStateChange 77:rateLmtThresholdExceed 78:monProbeFailed 79:temperatureCpuHigh 80:temperatureCpuNormal 81:entityofs 82:powerSupplyFailed 83:powerSupplyNormal 84:entityNameChanged 85:haPropFailure 86:ipConflict 87:appfwStartUrl 88:appfwDenyUrl 89:appfwRefererHeader 90:appfwCSRFTag 91:appfwCookie 92:appfwFieldConsistency 93:appfwBufferOverflow 94:appfwFieldFormat 95:appfwSafeCommerce 96:appfwSafeObject 97:appfwPolicyHit 98:appfwXSS 99:appfwXMLXSS 100:appfwSQL 101:appfwXMLSQL 102:appfwXMLAttachment 103:appfwXMLDos 104:appfwXMLValidation 105:appfwXMLWSI 106:appfwXMLSchemaCompile 107:appfwXMLSoapFault 108:dnskeyExpiry 109:platformRateLimitThresholdHigh 110:platformRateLimitThresholdNormal 111:platformPpsLimitThresholdHigh 112:platformPpsLimitThresholdNormal 113:platformRateLimitPktDrop 114:platformPpsLimitPktDrop 115:DataStreamRateLimitHit 116:haLicenseCheck 117:sslCardFailed 118:sslCardNormal 119:warmRestartEvent 120:hardDiskDriveErrors 121:compactFlashErrors 122:callHomeUploadEvent 123:rsa1024KeyExThresholdHigh 124:rsa1024KeyExThresholdNormal 125:rsa2048KeyExThresholdHigh 126:rsa2048KeyExThresholdNormal 127:rsa4096KeyExThresholdHigh 128:rsa4096KeyExThresholdNormal 129:sslCurSessionInUseHigh 130:sslCurSessionInUseNormal 131:clusterNodeHealth 132:clusterNodeQuorum 133:clusterVersionMismatch 134:clusterCCOChange 135:clusterOVSChange 136:clusterSyncFailure 137:clusterPropFailure 138:stickyPrimary 139:inbandProtocolVersionMismatch 140:sslChipReinit 141:appfwViolations 142:vridStateChange 143:portAllocFailed 144:lldpRemTablesChange 145:ipv6AddressDuplicated 146:lsnPortAllocFailed 147:lsnPortQuotaExceed 148:lsnSessionQuotaExceed 149:haVersionMatched 150:haSyncSucceded 151:haSecondaryStateNormal 152:haHeartbeatsRecvd 153:vserverSpillOver 154:haPropSuccess 155:partitionConfigEvent 156:partitionSwitched 157:partitionCONNLimitExceeded 158:partitionCONNLimitNormal 159:partitionBWLimitExceeded 160:clusterBackplaneHBMissing 161:pooledLicenseGraceStarted 162:pooledLicenseGraceNormal 163:pooledLicenseGracePeriodOver 164:pooledLicenseCapacityPartial 165:pooledLicenseCapacityNormal 166:gslbSiteMEPflap 168:dnsMaxNegCacheLimitHit 169:dnsMaxCacheLimitHit 177:tcpSynFloodAttack',
  ],
  ['1.3.6.1.4.1.5951.4.1.1', '2:sysIpAddress'],
  [
    '1.3.6.1.4.1.5951.4.1.1.23',
    '14:haNicsMonitorFailed 16:haPeerSystemState 27:haNicMonitorSucceeded 28:haLastNicMonitorFailed',
  ],
  ['1.3.6.1.4.1.5951.4.1.1.41', '1:resCpuUsage 2:resMemUsage'],
  ['1.3.6.1.4.1.5951.4.1.1.41.6.1', '2:nsCPUusage'],
  ['1.3.6.1.4.1.5951.4.1.1.41.7.1', '1:sysHealthCounterName 2:sysHealthCounterValue'],
  ['1.3.6.1.4.1.5951.4.1.1.41.8.1', '1:sysHealthDiskName 5:sysHealthDiskPerusage'],
  ['1.3.6.1.4.1.5951.4.1.1.47', '328:sslChipReinitCount'],
  ['1.3.6.1.4.1.5951.4.1.1.54.1', '1:ifName 48:ifThroughput 49:ifMinThroughput'],
  ['1.3.6.1.4.1.5951.4.1.1.56.1.1', '1:sslCertKeyName 5:sslDaysToExpire'],
  ['1.3.6.1.4.1.5951.4.1.1.72.1', '3:clNodeIP 7:clNodeEffectiveHealth 9:clNodeViewQuorum 10:clNodeHealthReason'],
  ['1.3.6.1.4.1.5951.4.1.1.80.4.1.1', '2:lldpRemLocalPortNum 4:lldpRemChassisId 6:lldpRemPortId'],
  ['1.3.6.1.4.1.5951.4.1.1.83.2.1', '1:lsnGrpName'],
  [
    '1.3.6.1.4.1.5951.4.1.2.1.1',
    '1:svcServiceName 8:svcEstablishedConn 42:svcRequestRate 43:svcRxBytesRate 44:svcTxBytesRate 45:svcSynfloodRate 54:svcServiceFullName',
  ],
  [
    '1.3.6.1.4.1.5951.4.1.2.7.1',
    '2:svcGrpMemberName 10:svcGrpMemberEstablishedConn 25:svcGrpMemberRequestRate 26:svcGrpMemberRxBytesRate 27:svcGrpMemberTxBytesRate 28:svcGrpMemberSynfloodRate 33:svcGrpMemberFullName',
  ],
  ['1.3.6.1.4.1.5951.4.1.2.9.1', '1:monitorName 2:responseTimeoutThreshold 7:monitorRetrys 13:alarmProbeFailedRetries'],
  ['1.3.6.1.4.1.5951.4.1.2.10.1', '1:monServiceName 8:alarmMonrespto'],
  [
    '1.3.6.1.4.1.5951.4.1.3.1.1',
    '1:vsvrName 43:vsvrRequestRate 44:vsvrRxBytesRate 45:vsvrTxBytesRate 46:vsvrSynfloodRate 59:vsvrFullName',
  ],
  [
    '1.3.6.1.4.1.5951.4.1.10.2',
    '1:alarmHighThreshold 2:alarmNormalThreshold 3:entityName 4:nsUserName 5:configurationCmd 6:authorizationStatus 7:commandExecutionStatus 8:unackSynCount 9:alarmLowThreshold 10:alarmProbeFailedErrorString 12:alarmVipRhiState 13:alarmRateLmtThresholdExceeded 14:ipAddressGathered 15:stringComputed 16:alarmEntityCurState 17:sysHealthPowerSupplyStatus 18:alarmCurrentValue 19:alarmVipRhiInetAddressType 20:alarmVipRhiInetAddress 23:nsClientIPAddr 24:ipConflictAddr 25:appfwLogMsg 26:dnskeyName 27:dnskeyTimeToExpire 28:dnskeyUnitsOfExpiry 29:entityNewName 30:entityOldName 31:platformRateLimitPacketDropCount 32:haLicenseMatchState 33:sslCardStatusMsg 34:callHomeUploadEventStatusMsg 35:oldCCOIP 36:newCCOIP 37:oldOVS 38:newOVS 39:qosdVersion 40:brVersion 41:sslChipName 42:vrid 43:vridBoundVIP 44:newVridPriority 46:effectiveVridPriority 47:dstip 48:platformLicensedThroughput 49:platformLicensedPPS 51:nsIPAddressType 52:nsIPAddress 54:lsnSubscrTD 55:protocol 56:vsvrCurSoValue 57:vsvrSoMethod 58:vsvrSoThresh 59:lsnSessLimitExceededBy 60:nsPartitionName 61:operation 62:fromPartition 63:toPartition 64:clPeerID 66:ipConflictMacAddr 67:gslbSite 68:siteIP 72:dnsCacheThreshold 73:dnsCurCacheValue',
  ],
];
