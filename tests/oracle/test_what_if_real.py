"""The revival of What-If on the real package, beside the real TensorFlow."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

pytestmark = pytest.mark.oracle

START = """
import json, sys, warnings
warnings.simplefilter("ignore")
from tb_plugin.what_if import revive
revive(logdir="runs")
import tensorflow as tf
from tensorboard_plugin_wit import wit_plugin
from tensorboard_plugin_wit._utils import inference_utils
example = tf.train.Example()
def infer(address="local", **options):
    bundle = inference_utils.ServingBundle(address, "model", "classification", None, None, False, None, None, **options)
    return inference_utils.run_inference_for_inference_results([example, example], bundle)[0]
"""
SERVING = """
import grpc
from concurrent import futures
from tensorboard_plugin_wit._vendor.tensorflow_serving.apis import prediction_service_pb2_grpc as service
from tensorflow_serving.apis import classification_pb2 as real  # TensorFlow Serving's own messages, in the same process

def classify(request, context):
    answer = real.ClassificationResponse()
    for _ in request.input.example_list.examples:
        answer.result.classifications.add().classes.add(label="yes", score=0.75)
    return answer

handler = grpc.unary_unary_rpc_method_handler(
    classify, request_deserializer=real.ClassificationRequest.FromString, response_serializer=real.ClassificationResponse.SerializeToString)
server = grpc.server(futures.ThreadPoolExecutor(1))
server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("tensorflow.serving.PredictionService", {"Classify": handler})])
port = server.add_insecure_port("127.0.0.1:0")
server.start()
"""


def run(code: str) -> object:
    ran = subprocess.run([sys.executable, "-c", START + code], capture_output=True, text=True, check=False)
    assert not ran.returncode, ran.stderr
    return json.loads(ran.stdout.splitlines()[-1])


def test_what_if_answers_with_a_local_function():
    told = run("print(json.dumps(infer(custom_predict_fn=lambda examples, bundle: [[0.25, 0.75]] * len(examples))))")

    one = {"classes": [{"label": "0", "score": 0.25}, {"label": "1", "score": 0.75}]}
    assert {"classificationResult": {"classifications": [one, one]}} == told


def test_what_if_still_speaks_to_a_tensorflow_serving_beside_the_real_api():
    told = run(SERVING + 'print(json.dumps(infer(f"127.0.0.1:{port}")))')

    one = {"classes": [{"label": "yes", "score": 0.75}]}
    assert {"classificationResult": {"classifications": [one, one]}} == told
