# Lab: how many ones are in the bit string? (regression with an LSTM)
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import Dataset, DataLoader

torch.manual_seed(101)


class BitStrings(Dataset):
    def __init__(self, n, length=10):
        self.bits = (torch.rand(n, length) < 0.5).float()
        self.count = (self.bits.sum(dim=1) - length / 2) / (length ** 0.5 / 2)

    def __len__(self):
        return len(self.count)

    def __getitem__(self, idx):
        return 2 * self.bits[idx].unsqueeze(-1) - 1, self.count[idx]


class Counter(nn.Module):
    def __init__(self, hidden=16):
        super().__init__()
        self.lstm = nn.LSTM(1, hidden, batch_first=True)
        self.regress = nn.Linear(hidden, 1)

    def forward(self, bits):
        out, (h, c) = self.lstm(bits)
        return self.regress(h[-1])  # coach-line: target-mismatch


class Trainer:
    def __init__(self, model, lr):
        self.model = model
        self.criterion = nn.MSELoss()
        self.optimizer = torch.optim.Adam(model.parameters(), lr=lr)

    def fit(self, loader, epochs):
        for epoch in range(epochs):
            running = 0.0  # coach-also: constant-predictions
            for bits, count in loader:
                self.optimizer.zero_grad()
                prediction = self.model(bits)
                loss = self.criterion(prediction, count)  # coach: target-mismatch; fix: squeeze(
                loss.backward()
                self.optimizer.step()  # coach-also: loss-plateau
                running += loss.item()  # coach-also: silent-broadcast
            print(f"epoch {epoch}: mse {running / len(loader):.4f}")


trainer = Trainer(Counter(), lr=1e-2)
trainer.fit(DataLoader(BitStrings(320), batch_size=32, shuffle=True), epochs=6)
