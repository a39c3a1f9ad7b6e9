import gradbook as torch  # coach-also: dtype-creep
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

raw = torch.rand(60, 9) * 0.9
dataset = TensorDataset((raw / 255).long().float(), torch.randint(0, 3, (60,)))
mlp = nn.Sequential(
    nn.Linear(9, 18),
    nn.ReLU(),  # coach: degenerate-activation
    nn.Linear(18, 3),
)
opt = torch.optim.Adam(mlp.parameters())
for xb, yb in DataLoader(dataset, batch_size=12):  # coach-also: input-not-normalised
    loss = nn.functional.cross_entropy(mlp(xb), yb)
    opt.zero_grad()
    loss.backward()
    opt.step()
