import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset


class LitModel(nn.Module):
    def __init__(self, hidden=24, learning_rate=5e-9):  # coach: learning-rate-too-low; fix: learning_rate=0.001
        super().__init__()
        self.learning_rate = learning_rate
        self.net = nn.Sequential(nn.Linear(6, hidden), nn.GELU(), nn.Linear(hidden, 2))

    def training_step(self, batch):
        x, y = batch
        return F.cross_entropy(self.net(x), y)

    def configure_optimizers(self):
        return torch.optim.AdamW(self.parameters(), lr=self.learning_rate)


torch.manual_seed(0)
x = torch.randn(120, 6)
loader = DataLoader(TensorDataset(x, (x.sum(1) > 0).long()), batch_size=20, shuffle=True)
module = LitModel()
optimizer = module.configure_optimizers()
for epoch in range(4):
    for batch in loader:
        optimizer.zero_grad()
        loss = module.training_step(batch)
        loss.backward()
        optimizer.step()  # coach-also: update-ratio-low, loss-plateau
