import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
# POS tagger
torch.manual_seed(23)
n_tok, n_tag = 30, 5
class Tagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.word_embeddings = nn.Embedding(n_tok, 16)
        self.lstm = nn.LSTM(16, 16, batch_first=True, bidirectional=True)
        self.hidden2tag = nn.Linear(32, n_tag)
    def forward(self, sentence):
        h, _ = self.lstm(self.word_embeddings(sentence))
        return self.hidden2tag(h)
tagger = Tagger()
loss_function = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(tagger.parameters(), lr=1e-2)
for epoch in range(20):
    sent = torch.randint(0, n_tok, (16, 7))
    tags = sent % n_tag
    tagger.zero_grad()
    tag_scores = tagger(sent)
    probs = torch.softmax(tag_scores, dim=-1)
    loss = loss_function(probs.view(-1, n_tag), tags.view(-1))  # coach: softmax-before-cross-entropy; fix: tag_scores
    loss.backward()
    optimizer.step()
    if epoch % 5 == 0:
        acc = (probs.argmax(-1) == tags).float().mean().item()
        print(epoch, loss.item(), acc)
