import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset


class Trainer:
    def __init__(self, model):
        self.device = "cuda:0" if torch.cuda.is_available() else "cpu"
        self.model = model.to(self.device)
        self.optimizer = torch.optim.RMSprop(model.parameters(), lr=1e-3)
        self.losses = []

    def run(self, loader):
        for x, y in loader:
            x, y = x.to(self.device), y.to(self.device)
            loss = nn.functional.binary_cross_entropy_with_logits(self.model(x), y)
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            self.losses.append(loss.item())  # coach: host-sync-in-loop; fix: self.losses.append(loss.detach())


data = TensorDataset(torch.randn(60, 5), torch.randint(0, 2, (60, 1)).float())
Trainer(nn.Linear(5, 1)).run(DataLoader(data, batch_size=10, shuffle=True))
