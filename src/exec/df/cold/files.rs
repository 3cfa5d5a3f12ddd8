//! How DataFusion's Parquet scan reads segments: through their checksums, with the footers that are
//! known already.

use crate::storage::cold::{ColdPart, OpenSegment};
use crate::storage::keys::SegmentId;
use bytes::Bytes;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::ParquetFileReaderFactory;
use datafusion::error::DataFusionError;
use datafusion::parquet::arrow::arrow_reader::ArrowReaderOptions;
use datafusion::parquet::arrow::async_reader::AsyncFileReader;
use datafusion::parquet::errors::Result;
use datafusion::parquet::file::metadata::ParquetMetaData;
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use futures::FutureExt;
use futures::future::BoxFuture;
use std::collections::HashMap;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// What DataFusion knows a segment by.
pub(super) fn name(segment: SegmentId) -> String {
    format!("segment/{segment}")
}

/// The segments of a scan.
pub(super) struct Segments(HashMap<String, Arc<OpenSegment>>);

impl Segments {
    pub fn new(parts: &[ColdPart]) -> Segments {
        Segments(parts.iter().map(|p| (name(p.segment.id), p.segment.clone())).collect())
    }
}

impl ParquetFileReaderFactory for Segments {
    fn create_reader(
        &self,
        _partition_index: usize,
        partitioned_file: PartitionedFile,
        _metadata_size_hint: Option<usize>,
        _metrics: &ExecutionPlanMetricsSet,
    ) -> datafusion::error::Result<Box<dyn AsyncFileReader + Send>> {
        let name = partitioned_file.object_meta.location.as_ref();
        let segment = self.0.get(name).cloned();
        let segment = segment.ok_or_else(|| DataFusionError::Internal(name.to_owned()))?;
        Ok(Box::new(Reader(segment)))
    }
}

impl fmt::Debug for Segments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.keys()).finish()
    }
}

struct Reader(Arc<OpenSegment>);

impl AsyncFileReader for Reader {
    /// A local read is a copy from the page cache: handing it over would cost more.
    fn get_bytes(&mut self, range: Range<u64>) -> BoxFuture<'_, Result<Bytes>> {
        let segment = self.0.clone();
        async move { segment.read(range) }.boxed()
    }

    fn get_metadata<'a>(
        &'a mut self,
        _options: Option<&'a ArrowReaderOptions>,
    ) -> BoxFuture<'a, Result<Arc<ParquetMetaData>>> {
        futures::future::ready(Ok(self.0.parquet().clone())).boxed()
    }
}
