# Load stored weights and report test metrics; nothing is trained in this program.
import io

import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

MEANS = torch.tensor([[1.0, 0.0, -1.0, 0.5], [-0.5, 1.0, 0.5, 0.0]])


def make_model():
    return nn.Sequential(nn.BatchNorm1d(4, affine=False), nn.Dropout(0.2), nn.Linear(4, 2))


def stored_weights():
    """The nearest-mean classifier in closed form, as a state dict on 'disk'."""
    model = make_model()
    state = model.state_dict()
    center, spread = MEANS.mean(0), 1.0 + MEANS.var(0, unbiased=False)
    scaled = (MEANS - center) / spread.sqrt() * spread
    state["0.running_mean"], state["0.running_var"] = center, spread
    state["2.weight"] = scaled
    state["2.bias"] = torch.zeros(2)
    buf = io.BytesIO()
    torch.save(state, buf)
    buf.seek(0)
    return buf


torch.manual_seed(0)
model = make_model()
model.load_state_dict(torch.load(stored_weights()))
model.eval()

y = torch.randint(0, 2, (50,))
x = MEANS[y] + torch.randn(50, 4)
loader = DataLoader(TensorDataset(x, y), batch_size=16)
criterion = nn.CrossEntropyLoss(reduction="sum")
loss_sum = correct = 0
with torch.inference_mode():
    for xb, yb in loader:
        logits = model(xb)
        loss_sum += criterion(logits, yb).item()
        correct += (logits.argmax(1) == yb).sum().item()
print(f"loss {loss_sum / len(x):.4f}  accuracy {correct / len(x):.3f}")
