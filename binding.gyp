# For `node-gyp rebuild` and prebuildify in a checkout; not in the npm package. CMake does the work.
{
  'targets': [{
    'target_name': 'nodecuda',
    'type': 'none',
    'actions': [{
      'action_name': 'cmake',
      'inputs': [],
      # Never made: CMake decides what is up to date.
      'outputs': ['<(PRODUCT_DIR)/always'],
      'action': [
        'node', 'node_modules/cmake-js/bin/cmake-js', 'build', '--out', 'build/cmake',
        '--CDCMAKE_LIBRARY_OUTPUT_DIRECTORY=<(PRODUCT_DIR)',
      ],
    }],
  }],
}
